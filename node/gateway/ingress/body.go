package ingress

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Bounds of bodies. A small body costs nobody anything; the large ones share a
// few places, so that many callers with large bodies cannot fill the memory,
// and nobody with a small one waits for them.
const (
	maxBody    = 1 << 20
	smallBody  = 16 << 10
	largePlace = 4
	largeWait  = 2 * time.Second
)

var (
	errTooLarge = errors.New("the body is larger than 1 MiB")
	errBusy     = errors.New("too many large requests at once; try again")
)

// bodies reads bodies within these bounds.
type bodies struct {
	small sync.Pool
	large chan struct{}
}

func newBodies() *bodies {
	return &bodies{
		small: sync.Pool{New: func() any { return new([smallBody]byte) }},
		large: make(chan struct{}, largePlace),
	}
}

// read reads a body and hands it to use; the bytes are only valid in it.
func (b *bodies) read(w http.ResponseWriter, r *http.Request, use func(body []byte)) error {
	if r.ContentLength > maxBody {
		return errTooLarge
	}
	buffer := b.small.Get().(*[smallBody]byte)
	defer b.small.Put(buffer)
	n := 0
	for n < smallBody {
		m, err := r.Body.Read(buffer[n:])
		n += m
		if errors.Is(err, io.EOF) {
			use(buffer[:n])
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the body: %w", err)
		}
	}

	wait := time.NewTimer(largeWait)
	defer wait.Stop()
	select {
	case b.large <- struct{}{}:
		defer func() { <-b.large }()
	case <-wait.C:
		return errBusy
	case <-r.Context().Done():
		return r.Context().Err()
	}
	rest, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody-smallBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	use(append(buffer[:smallBody:smallBody], rest...))
	return nil
}
