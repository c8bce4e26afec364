package types

import (
	"bytes"

	"cosmossdk.io/errors"

	"github.com/hallmark-ledger/hallmark/x/identity"
)

// DefaultGenesis knows no device.
func DefaultGenesis() *GenesisState { return &GenesisState{NextBatch: 1} }

// Validate checks everything that can be checked without a chain: bounds,
// order, duplicates, and that nothing dangles: every device's keys are among the
// used ones, every used key names a device, every activated row its batch.
func (g GenesisState) Validate() error {
	batches, err := g.validateBatches()
	if err != nil {
		return err
	}
	devices, err := g.validateDevices(batches)
	if err != nil {
		return err
	}
	return g.validateKeys(devices)
}

func (g GenesisState) validateBatches() (map[uint64]*Batch, error) {
	if g.NextBatch == 0 {
		return nil, errors.Wrap(identity.ErrInvalid, "next_batch: 0; batches begin at 1")
	}
	batches := make(map[uint64]*Batch, len(g.Batches))
	for i := range g.Batches {
		b := &g.Batches[i]
		if err := b.Validate(); err != nil {
			return nil, errors.Wrapf(err, "batches[%d]", i)
		}
		if i > 0 && g.Batches[i-1].Id >= b.Id {
			return nil, errors.Wrapf(identity.ErrInvalid, "batches[%d].id: %d after %d; want each once, ascending", i, b.Id, g.Batches[i-1].Id)
		}
		if b.Id >= g.NextBatch {
			return nil, errors.Wrapf(identity.ErrInvalid, "batches[%d].id: %d is not below next_batch, %d", i, b.Id, g.NextBatch)
		}
		batches[b.Id] = b
	}
	return batches, nil
}

// place is a row of a batch.
type place struct{ batch, row uint64 }

func (g GenesisState) validateDevices(batches map[uint64]*Batch) (map[identity.KeyDigest]*DeviceEntry, error) {
	devices := make(map[identity.KeyDigest]*DeviceEntry, len(g.Devices))
	rows := make(map[place]bool)
	activated := make(map[uint64]uint64)
	var last identity.KeyDigest
	for i := range g.Devices {
		d := &g.Devices[i]
		first, err := identity.ParseID(d.Id)
		if err != nil {
			return nil, errors.Wrapf(err, "devices[%d].id", i)
		}
		if i > 0 && bytes.Compare(last[:], first[:]) >= 0 {
			return nil, errors.Wrapf(identity.ErrInvalid, "devices[%d].id: %s; want each once, ascending by digest", i, d.Id)
		}
		last = first
		if err := d.Device.Validate(); err != nil {
			return nil, errors.Wrapf(err, "devices[%d].device", i)
		}
		if err := d.Enrolment.Validate(); err != nil {
			return nil, errors.Wrapf(err, "devices[%d].enrolment", i)
		}
		if at := (place{d.Enrolment.Batch, d.Enrolment.Row}); at.batch != 0 {
			b := batches[at.batch]
			switch {
			case b == nil:
				return nil, errors.Wrapf(identity.ErrInvalid, "devices[%d].enrolment.batch: there is no batch %d", i, at.batch)
			case at.row > b.Count:
				return nil, errors.Wrapf(identity.ErrInvalid, "devices[%d].enrolment.row: %d; batch %d has %d rows", i, at.row, b.Id, b.Count)
			case rows[at]:
				return nil, errors.Wrapf(identity.ErrInvalid, "devices[%d].enrolment.row: %d of batch %d is another device's", i, at.row, b.Id)
			case b.Maker != d.Device.Maker:
				return nil, errors.Wrapf(identity.ErrInvalid, "devices[%d].device.maker: %q; batch %d is of %q", i, d.Device.Maker, b.Id, b.Maker)
			}
			rows[at] = true
			activated[at.batch]++
		}
		devices[first] = d
	}
	for i, b := range g.Batches {
		if activated[b.Id] != b.Activated {
			return nil, errors.Wrapf(identity.ErrInvalid, "batches[%d].activated: %d; %d devices are of it", i, b.Activated, activated[b.Id])
		}
	}
	return devices, nil
}

func (g GenesisState) validateKeys(devices map[identity.KeyDigest]*DeviceEntry) error {
	keys := make(map[identity.KeyDigest]string, len(g.Keys))
	for i, k := range g.Keys {
		digest, err := identity.ParseHash("digest", k.Digest)
		if err != nil {
			return errors.Wrapf(err, "keys[%d]", i)
		}
		if i > 0 && bytes.Compare(g.Keys[i-1].Digest, k.Digest) >= 0 {
			return errors.Wrapf(identity.ErrInvalid, "keys[%d].digest: %x; want each once, ascending", i, k.Digest)
		}
		device, err := identity.ParseID(k.Device)
		if err != nil {
			return errors.Wrapf(err, "keys[%d].device", i)
		}
		if devices[device] == nil {
			return errors.Wrapf(identity.ErrInvalid, "keys[%d].device: there is no device %s", i, k.Device)
		}
		keys[identity.KeyDigest(digest)] = k.Device
	}
	for i, d := range g.Devices {
		first, err := identity.ParseID(d.Id)
		if err != nil {
			return errors.Wrapf(err, "devices[%d].id", i)
		}
		if keys[first] != d.Id {
			return errors.Wrapf(identity.ErrInvalid, "devices[%d].id: the key it names is not among the used keys of the device", i)
		}
		if keys[identity.KeyDigest(d.Device.Key.Digest)] != d.Id {
			return errors.Wrapf(identity.ErrInvalid, "devices[%d].device.key.digest: not among the used keys of the device", i)
		}
	}
	return nil
}

// Validate checks what the chain keeps of a device beside its record.
func (e Enrolment) Validate() error {
	if _, err := identity.ParseHash("serial_commitment", e.SerialCommitment); err != nil {
		return err
	}
	if (e.Batch == 0) != (e.Row == 0) {
		return errors.Wrapf(identity.ErrInvalid, "row: %d of batch %d; want both or neither", e.Row, e.Batch)
	}
	if e.Height < 0 {
		return errors.Wrapf(identity.ErrInvalid, "height: %d", e.Height)
	}
	return identity.ValidateReason(e.Reason)
}
