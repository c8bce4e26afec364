package source

import (
	"errors"
	"fmt"
)

// What is the matter with a source. Each error of this package is an [*Error]
// that wraps exactly one of them.
var (
	// ErrWrong means that the source answered something that cannot be true,
	// or not what it was asked: it lies or is broken.
	ErrWrong = errors.New("wrong")
	// ErrNotYet means that the source does not have that height yet.
	ErrNotYet = errors.New("not known yet")
	// ErrGone means that the source keeps that height or history no more.
	ErrGone = errors.New("no longer kept")
	// ErrAbsent means that the source claims that the record does not exist. It
	// is a claim: absence is never proven.
	ErrAbsent = errors.New("said not to exist")
	// ErrUnavailable means that no whole answer came.
	ErrUnavailable = errors.New("unavailable")
)

// What names the part of an answer that is wrong.
type What string

// The parts of an answer.
const (
	Body       What = "body"
	ChainID    What = "chain id"
	Header     What = "header"
	Validators What = "validators"
	Height     What = "height"
	Store      What = "store"
	Key        What = "key"
	Value      What = "value"
	Root       What = "root"
	ProofOps   What = "proof operations"
	Head       What = "head"
	Records    What = "records"
	Changes    What = "changes"
)

// Error says which source failed, in what, and why.
type Error struct {
	Source string // URL of the node
	What   What
	Err    error // wraps one of the sentinels
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %v", e.Source, e.What, e.Err) }

// Unwrap makes errors.Is find the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// Wrong blames a source: what is the part that is wrong.
func Wrong(url string, what What, format string, args ...any) error {
	return &Error{url, what, fmt.Errorf("%w: %w", ErrWrong, fmt.Errorf(format, args...))}
}

func failure(url string, what What, kind error, format string, args ...any) error {
	return &Error{url, what, fmt.Errorf("%w: %w", kind, fmt.Errorf(format, args...))}
}
