package submit

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	abci "github.com/cometbft/cometbft/abci/types"
)

// Outcome of a transaction.
type Outcome struct {
	TxHash string `json:"txhash"`
	// Height of its block; 0 while there is none.
	Height int64 `json:"height,string"`
	// Code is 0 for success; otherwise codespace and raw_log say why.
	Code      uint32 `json:"code"`
	Codespace string `json:"codespace"`
	RawLog    string `json:"raw_log"`
	// IDs created, from the events' attribute "id".
	IDs []string `json:"ids,omitempty"`
}

// collect takes the created ids from events of the modules.
func (o *Outcome) collect(events []abci.Event) {
	for _, e := range events {
		for _, a := range e.Attributes {
			if a.Key == "id" && strings.Contains(e.Type, "_") {
				o.IDs = append(o.IDs, strings.Trim(a.Value, `"`))
			}
		}
	}
}

func (o *Outcome) print(w io.Writer, format string) error {
	if format == "json" {
		bz, err := json.Marshal(o)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", bz)
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "txhash: %s\nheight: %d\ncode: %d\n", o.TxHash, o.Height, o.Code)
	if o.Code != 0 {
		fmt.Fprintf(&b, "codespace: %s\nraw_log: %s\n", o.Codespace, o.RawLog)
	}
	for _, id := range o.IDs {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
