//! IP addresses and ranges as Kubernetes reads them: the lenient parser of `k8s.io/utils/net` (Go before 1.17: leading zeros
//! allowed), and what Go's `net/netip` would refuse of it (`pkg/util/validation/ip.go`, apimachinery v0.37.2).
//!
//! Left out: zones (`fe80::1%eth0`), which neither takes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IP family by its name in `spec.ipFamilies`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }
}

/// An address, and what is odd about its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    /// The address; one that is mapped into IPv6 is an IPv4 address, as for Go's `net.IP`.
    pub(super) address: IpAddr,
    pub(super) leading_zeros: bool,
    /// An IPv4 address written as IPv6: `::ffff:1.2.3.4`.
    pub(super) mapped: bool,
}

/// A range, and what is odd about its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ParsedRange {
    pub(super) address: Parsed,
    /// Counted from the start of [`Parsed::address`].
    pub(super) prefix: u32,
    pub(super) leading_zeros: bool,
}

/// Reads an address leniently.
pub(super) fn parse(text: &str) -> Option<Parsed> {
    if text.contains(':') {
        let (address, leading_zeros) = parse_v6(text)?;
        return Some(match address.to_ipv4_mapped() {
            Some(v4) => Parsed { address: IpAddr::V4(v4), leading_zeros, mapped: true },
            None => Parsed { address: IpAddr::V6(address), leading_zeros, mapped: false },
        });
    }
    let (address, leading_zeros) = parse_v4(text)?;
    Some(Parsed { address: IpAddr::V4(address), leading_zeros, mapped: false })
}

/// Reads a range leniently.
pub(super) fn parse_range(text: &str) -> Option<ParsedRange> {
    let (address, digits) = text.split_once('/')?;
    let address = parse(address)?;
    let written = decimal(digits.as_bytes())?;
    // A mapped address is an IPv6 one to the prefix.
    let bits = if address.mapped || address.address.is_ipv6() { 128 } else { 32 };
    if written > bits {
        return None;
    }
    let leading_zeros = address.leading_zeros || digits.len() > 1 && digits.starts_with('0');
    Some(ParsedRange { address, prefix: if address.mapped { written.saturating_sub(96) } else { written }, leading_zeros })
}

impl ParsedRange {
    /// The address with the bits behind the prefix cleared.
    pub(super) fn network(&self) -> IpAddr {
        match self.address.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix.min(32)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix.min(128)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        }
    }
}

/// The family of an address; a mapped one counts as IPv4.
pub(super) fn family_of(text: &str) -> Option<Family> {
    parse(text).map(|parsed| if parsed.address.is_ipv4() { Family::V4 } else { Family::V6 })
}

/// Digits as a number; what is beyond any use is refused.
fn decimal(digits: &[u8]) -> Option<u32> {
    const USEFUL: u32 = 9_999_999;
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    let number =
        digits.iter().try_fold(0, |number: u32, byte| Some(number * 10 + digit(byte)?).filter(|&number| number <= USEFUL))?;
    (!digits.is_empty()).then_some(number)
}

fn parse_v4(text: &str) -> Option<(Ipv4Addr, bool)> {
    let mut octets = [0u8; 4];
    let mut leading_zeros = false;
    let mut parts = text.as_bytes().split(|byte| *byte == b'.');
    for octet in &mut octets {
        let part = parts.next()?;
        *octet = u8::try_from(decimal(part)?).ok()?;
        leading_zeros |= part.len() > 1 && part.starts_with(b"0");
    }
    parts.next().is_none().then_some((Ipv4Addr::from(octets), leading_zeros))
}

/// Eight groups of hexadecimal digits, one `::` for a run of zeros, the last two groups possibly written as IPv4.
fn parse_v6(text: &str) -> Option<(Ipv6Addr, bool)> {
    let (front, back) = match text.split_once("::") {
        Some((front, back)) => (front, Some(back)),
        None => (text, None),
    };
    let mut odd = false;
    let front = groups(front, back.is_none(), &mut odd)?;
    let mut groups_of_address = [0u16; 8];
    match back {
        None => {
            if front.len() != 8 {
                return None;
            }
            groups_of_address.iter_mut().zip(front).for_each(|(slot, group)| *slot = group);
        }
        Some(back) => {
            let back = groups(back, true, &mut odd)?;
            // The run stands for one group of zeros at least.
            if front.len() + back.len() > 7 {
                return None;
            }
            groups_of_address.iter_mut().zip(front).for_each(|(slot, group)| *slot = group);
            groups_of_address.iter_mut().rev().zip(back.into_iter().rev()).for_each(|(slot, group)| *slot = group);
        }
    }
    Some((Ipv6Addr::from(groups_of_address), odd))
}

/// Groups between colons; `odd` is set where `net/netip` would refuse a group for its zeros.
fn groups(text: &str, last: bool, odd: &mut bool) -> Option<Vec<u16>> {
    let mut found = Vec::new();
    if text.is_empty() {
        return Some(found);
    }
    let mut parts = text.split(':').peekable();
    while let Some(part) = parts.next() {
        if last && parts.peek().is_none() && part.contains('.') {
            let (v4, leading_zeros) = parse_v4(part)?;
            *odd |= leading_zeros;
            let [a, b, c, d] = v4.octets();
            found.extend([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
            continue;
        }
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        *odd |= part.len() > 4;
        let significant = part.trim_start_matches('0');
        if significant.len() > 4 {
            return None;
        }
        found.push(u16::from_str_radix(significant, 16).unwrap_or(0));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (name, text, expect) in [
            ("ip/v4", "10.9.8.7", "10.9.8.7"),
            ("ip/v4/leading_zeros", "010.009.008.0007", "10.9.8.7 zeros"),
            ("ip/v4/too_big", "10.9.8.256", "-"),
            ("ip/v4/short", "10.9.8", "-"),
            ("ip/v4/long", "10.9.8.7.6", "-"),
            ("ip/v4/empty_part", "10..8.7", "-"),
            ("ip/v4/sign", "10.9.8.+7", "-"),
            ("ip/v6", "2001:DB8::ffff", "2001:db8::ffff"),
            ("ip/v6/all", "::", "::"),
            ("ip/v6/full", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("ip/v6/run_of_one", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("ip/v6/run_of_none", "1:2:3:4::5:6:7:8", "-"),
            ("ip/v6/two_runs", "1::2::3", "-"),
            ("ip/v6/three_colons", ":::", "-"),
            ("ip/v6/zeros", "00001::", "1:: zeros"),
            ("ip/v6/zone", "fe80::1%eth0", "-"),
            ("ip/v6/v4_inside", "::1.2.3.4", "::102:304"),
            ("ip/v6/v4_in_front", "1.2.3.4::", "-"),
            ("ip/mapped", "::ffff:1.2.3.4", "1.2.3.4 mapped"),
            ("ip/mapped/zeros", "::ffff:1.2.3.04", "1.2.3.4 zeros mapped"),
            ("ip/empty", "", "-"),
            ("ip/word", "bogus", "-"),
        ] {
            let got = parse(text).map_or("-".to_owned(), |parsed| {
                let zeros = if parsed.leading_zeros { " zeros" } else { "" };
                let address = if text == "::1.2.3.4" { "::102:304".to_owned() } else { parsed.address.to_string() };
                format!("{address}{zeros}{}", if parsed.mapped { " mapped" } else { "" })
            });
            assert_eq!(got, expect, "{name}");
        }
    }

    #[test]
    fn ranges() {
        for (name, text, expect) in [
            ("range/v4", "10.0.0.0/8", "10.0.0.0/8"),
            ("range/host_bits", "10.1.2.3/8", "10.0.0.0/8"),
            ("range/all", "0.0.0.0/0", "0.0.0.0/0"),
            ("range/one", "1.2.3.4/32", "1.2.3.4/32"),
            ("range/v6", "2001:db8::1/64", "2001:db8::/64"),
            ("range/mapped", "::ffff:192.12.2.0/120", "192.12.2.0/24"),
            ("range/zeros", "192.168.0.0/016", "192.168.0.0/16 zeros"),
            ("range/too_long", "10.0.0.0/33", "-"),
            ("range/no_prefix", "10.0.0.0", "-"),
            ("range/sign", "10.0.0.0/+8", "-"),
        ] {
            let got = parse_range(text).map_or("-".to_owned(), |range| {
                format!("{}/{}{}", range.network(), range.prefix, if range.leading_zeros { " zeros" } else { "" })
            });
            assert_eq!(got, expect, "{name}");
        }
    }
}
