package access

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Sign is the operator as people write it.
func (o Operator) Sign() string {
	switch o {
	case OperatorEq:
		return "=="
	case OperatorNe:
		return "!="
	case OperatorLt:
		return "<"
	case OperatorLe:
		return "<="
	case OperatorGt:
		return ">"
	case OperatorGe:
		return ">="
	}
	return "?"
}

// Expression is the condition as people write it; [ParseCondition] reads it.
func (c *Condition) Expression() string {
	value := "?"
	switch v := c.Value.(type) {
	case *Condition_Number:
		value = strconv.FormatInt(v.Number, 10)
	case *Condition_Text:
		value = strconv.Quote(v.Text)
	case *Condition_Truth:
		value = strconv.FormatBool(v.Truth)
	}
	return c.Attribute + c.Operator.Sign() + value
}

// ParseCondition reads a comparison: an attribute, one of == = != < <= > >=,
// and a whole number, true, false, a text in double quotes, or a bare text.
func ParseCondition(s string) (Condition, error) {
	var c Condition
	at := strings.IndexAny(s, "=!<>")
	if at < 0 {
		return c, fmt.Errorf("%.80q: no comparison; want for example 'temperature<=30'", s)
	}
	c.Attribute = strings.TrimSpace(s[:at])
	rest := s[at:]
	for _, sign := range []struct {
		text string
		op   Operator
	}{
		{"==", OperatorEq}, {"!=", OperatorNe}, {"<=", OperatorLe}, {">=", OperatorGe},
		{"=", OperatorEq}, {"<", OperatorLt}, {">", OperatorGt},
	} {
		if after, ok := strings.CutPrefix(rest, sign.text); ok {
			c.Operator, rest = sign.op, strings.TrimSpace(after)
			break
		}
	}
	if c.Operator == OperatorUnspecified {
		return c, fmt.Errorf("%.80q: want one of == != < <= > >=", s)
	}
	switch number, err := strconv.ParseInt(rest, 10, 64); {
	case err == nil:
		c.Value = &Condition_Number{Number: number}
	case rest == "true" || rest == "false":
		c.Value = &Condition_Truth{Truth: rest == "true"}
	case strings.HasPrefix(rest, `"`):
		text, err := strconv.Unquote(rest)
		if err != nil {
			return c, fmt.Errorf("%.80q: the quoted text does not end", s)
		}
		c.Value = &Condition_Text{Text: text}
	case rest == "":
		return c, fmt.Errorf("%.80q: nothing to compare with; want a number, true, false or text", s)
	case looksNumeric(rest):
		return c, fmt.Errorf("%.80q: %.40s is no whole number of 64 bits; scale it, or quote it as text", s, rest)
	default:
		c.Value = &Condition_Text{Text: rest}
	}
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("%.80q: %w", s, err)
	}
	return c, nil
}

// looksNumeric tells whether a bare text was meant as a number, which a
// comparison as text would silently never match.
func looksNumeric(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}
