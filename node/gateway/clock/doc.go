// Package clock is verified time. At boot-clock reading b it is the greatest
// t + (b - b0)(1 - 200 ppm) over the headers believed: t is the header's time
// and b0 the reading when it came. Time therefore never runs ahead of what the
// chain has shown, but for the drift, and never goes back.
//
// The boot clock counts through suspend (CLOCK_BOOTTIME; Go's monotonic clock
// stands still). The wall clock never sets time. It can only take trust away:
// when it runs more than [MaxAhead] ahead, the boot clock may have stood still
// with the machine, and nothing is trusted until a believed header has caught
// up with it.
//
// What this room cannot notice: a disk and a wall clock that were rolled back
// together while the gateway was off, and a drift of up to 17 s a day while it
// is cut off.
package clock
