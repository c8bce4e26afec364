package clock

import (
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

type system struct{ id func() string }

// System is the boot clock of the machine: CLOCK_BOOTTIME and the kernel's
// boot id (clock_gettime(2), proc_sys_kernel(5)).
func System() Boot {
	return system{sync.OnceValue(func() string {
		id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
		if err != nil {
			return "" // no anchor is resumed
		}
		return strings.TrimSpace(string(id))
	})}
}

func (s system) ID() string { return s.id() }

func (system) Reading() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}
