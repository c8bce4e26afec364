package identity

import (
	"fmt"
	"strings"
	"testing"

	"cosmossdk.io/errors"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Errors keep code, code space and gRPC code through every wrapping, and say
// nothing of the program.
func TestErrorsKeepTheirKind(t *testing.T) {
	_, err := ParseID("nonsense")
	for _, e := range []error{err, errors.Wrap(err, "device"), wrap(err, "device")} {
		space, code, text := errors.ABCIInfo(e, false)
		if space != ModuleName || code != 3 || !strings.Contains(text, "nonsense") {
			t.Errorf("%v: %s %d %s", e, space, code, text)
		}
		if status.Code(e) != codes.InvalidArgument {
			t.Errorf("%v: %v", e, status.Code(e))
		}
	}
	if text := fmt.Sprintf("%v, %v", err, fmt.Errorf("device: %w", err)); strings.Contains(text, ".go:") {
		t.Errorf("%s", text)
	}
}
