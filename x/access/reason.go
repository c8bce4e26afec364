package access

// Reason is why a request was allowed or denied. The list is closed; programs
// outside build on the words.
type Reason string

// Reasons.
const (
	ReasonAllowed            Reason = "allowed"
	ReasonNoGrant            Reason = "no_grant"
	ReasonGrantRevoked       Reason = "grant_revoked"
	ReasonGrantExpired       Reason = "grant_expired"
	ReasonGrantNotYetValid   Reason = "grant_not_yet_valid"
	ReasonConditionFailed    Reason = "condition_failed"
	ReasonDeviceUnknown      Reason = "device_unknown"
	ReasonDeviceManufactured Reason = "device_manufactured"
	ReasonDeviceSuspended    Reason = "device_suspended"
	ReasonDeviceRetired      Reason = "device_retired"
	ReasonDeviceRevoked      Reason = "device_revoked"
	ReasonKeyRevoked         Reason = "key_revoked"
	ReasonOwnerChanged       Reason = "owner_changed"
	ReasonMemberSuspended    Reason = "member_suspended"
	ReasonSegmentUnknown     Reason = "segment_unknown"
	ReasonViewUnverified     Reason = "view_unverified"
	ReasonViewStale          Reason = "view_stale"
	ReasonClockUntrusted     Reason = "clock_untrusted"
	ReasonAttackDetected     Reason = "attack_detected"
	ReasonBadRequest         Reason = "bad_request"
	ReasonInternal           Reason = "internal"
)

// Reasons lists all reasons, in the order of the contract.
func Reasons() []Reason {
	return []Reason{
		ReasonAllowed, ReasonNoGrant, ReasonGrantRevoked, ReasonGrantExpired, ReasonGrantNotYetValid,
		ReasonConditionFailed, ReasonDeviceUnknown, ReasonDeviceManufactured, ReasonDeviceSuspended,
		ReasonDeviceRetired, ReasonDeviceRevoked, ReasonKeyRevoked, ReasonOwnerChanged,
		ReasonMemberSuspended, ReasonSegmentUnknown, ReasonViewUnverified, ReasonViewStale,
		ReasonClockUntrusted, ReasonAttackDetected, ReasonBadRequest, ReasonInternal,
	}
}
