//! Checks of addresses and ranges in a Service's spec: external IPs and source ranges (`IsValidIPForLegacyField`,
//! `IsValidCIDRForLegacyField`, `ValidateEndpointIP` and their uses in `pkg/apis/core/validation/validation.go`, v1.37.2, with
//! `StrictIPCIDRValidation` on).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::field_error::{FieldError, text};
use super::ip::{self, Parsed};
use super::validate::Subject;

const SOURCE_RANGES_ANNOTATION: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
pub(super) const ONLY_LOAD_BALANCER: &str = "may only be used when `type` is 'LoadBalancer'";

/// What is wrong with an address, if anything is.
pub(super) fn ip_faults(value: &str) -> Option<&'static str> {
    match ip::parse(value) {
        None => Some("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        Some(Parsed { leading_zeros: true, .. }) => Some("must not have leading 0s"),
        Some(Parsed { mapped: true, .. }) => Some("must not be an IPv4-mapped IPv6 address"),
        Some(_) => None,
    }
}

/// What is wrong with a range, if anything is.
fn range_faults(value: &str) -> Option<&'static str> {
    let Some(range) = ip::parse_range(value) else {
        return Some("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
    };
    if range.leading_zeros {
        Some("must not have leading 0s in IP or prefix length")
    } else if range.address.mapped {
        Some("must not have an IPv4-mapped IPv6 address")
    } else if range.network() != range.address.address {
        Some("must not have bits set beyond the prefix length")
    } else {
        None
    }
}

/// External IPs: their form, unless the old Service had the same text, then what they must not be.
pub(super) fn external_ips(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let existing = subject.old_spec().map_or(&[][..], |old| &old.external_ips);
    for (index, value) in subject.spec().external_ips.iter().enumerate() {
        let mut invalid =
            |detail: &str| errors.push(FieldError::invalid(format!("spec.externalIPs[{index}]"), text(value), detail));
        if !existing.contains(value)
            && let Some(fault) = ip_faults(value)
        {
            invalid(fault);
            continue;
        }
        let Some(Parsed { address, .. }) = ip::parse(value) else {
            invalid("must be a valid IP address");
            continue;
        };
        if address.is_unspecified() {
            invalid(&format!("may not be unspecified ({value})"));
        }
        if address.is_loopback() {
            invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)");
        }
        if is_link_local(address) {
            invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
        }
        if is_link_local_multicast(address) {
            invalid("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
        }
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Upstream: of an IPv6 address only the scope is looked at, not the flags.
fn is_link_local_multicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => matches!(address.octets(), [0xff, second, ..] if second & 0x0f == 2),
    }
}

/// Source ranges of a load balancer, from the field or else from the annotation.
pub(super) fn source_ranges(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    if spec.load_balancer_source_ranges.is_empty() {
        source_ranges_annotation(subject, errors);
        return;
    }
    // Upstream: the field is written with a capital letter.
    if !spec.is_load_balancer() {
        errors.push(FieldError::forbidden("spec.LoadBalancerSourceRanges", ONLY_LOAD_BALANCER));
    }
    let existing: BTreeSet<&str> =
        subject.old_spec().into_iter().flat_map(|old| &old.load_balancer_source_ranges).map(|value| value.trim()).collect();
    for (index, value) in spec.load_balancer_source_ranges.iter().enumerate() {
        let value = value.trim();
        if !existing.contains(value)
            && let Some(fault) = range_faults(value)
        {
            errors.push(FieldError::invalid(format!("spec.LoadBalancerSourceRanges[{index}]"), text(value), fault));
        }
    }
}

fn source_ranges_annotation(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let Some(value) = subject.new.metadata.annotations.get(SOURCE_RANGES_ANNOTATION) else { return };
    let field = format!("metadata.annotations[{SOURCE_RANGES_ANNOTATION}]");
    if !subject.spec().is_load_balancer() {
        errors.push(FieldError::forbidden(field.as_str(), ONLY_LOAD_BALANCER));
    }
    let unchanged = subject.old.is_some_and(|old| old.metadata.annotations.get(SOURCE_RANGES_ANNOTATION) == Some(value));
    if unchanged || value.trim().is_empty() {
        return;
    }
    for range in value.trim().split(',').map(str::trim) {
        if let Some(fault) = range_faults(range) {
            errors.push(FieldError::invalid(field.as_str(), text(range), fault));
        }
    }
}
