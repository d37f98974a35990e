//! IP families and their policy, filled in and checked before allocation (`initIPFamilyFields` of
//! `pkg/registry/core/service/storage/alloc.go`, `ValidateServiceClusterIPsRelatedFields` of
//! `pkg/apis/core/validation/validation.go`, v1.37.2), on a server that knows IPv4 alone.

use super::field_error::{FieldError, named, text, texts};
use super::ip::{Family, family_of};
use super::network::ip_faults;
use super::types::{CLUSTER_IP_NONE, Service, ServiceSpec};

const SINGLE_STACK: &str = "SingleStack";
const PREFER_DUAL_STACK: &str = "PreferDualStack";
const REQUIRE_DUAL_STACK: &str = "RequireDualStack";

/// Fills in the policy and the families of a Service.
pub(super) fn init_ip_families(service: &mut Service, old: Option<&Service>) -> Result<(), Vec<FieldError>> {
    let spec = &mut service.spec;
    let old = old.map(|old| &old.spec);
    if spec.is_external_name() || old.is_some_and(|old| is_same_prefer_dual_stack(spec, old)) {
        return Ok(());
    }
    let headless_without_selector = spec.cluster_ip == CLUSTER_IP_NONE && spec.selector.is_empty();
    let default_policy = if headless_without_selector { REQUIRE_DUAL_STACK } else { SINGLE_STACK };
    let old_policy = old.and_then(|old| old.ip_family_policy.as_deref());
    let policy = spec.ip_family_policy.get_or_insert_with(|| old_policy.unwrap_or(default_policy).to_owned()).clone();

    none_or(check_cluster_ip_fields(spec, old))?;
    none_or(settle_stack(spec, old, &policy))?;

    if headless_without_selector {
        if spec.ip_families.is_empty() {
            spec.ip_families.push(Family::V4.name().to_owned());
        }
        if let ([only], false) = (&*spec.ip_families, policy == SINGLE_STACK) {
            let other = if only == Family::V4.name() { Family::V6 } else { Family::V4 };
            spec.ip_families.push(other.name().to_owned());
        }
        return Ok(());
    }

    let mut errors = Vec::new();
    if policy == REQUIRE_DUAL_STACK {
        let detail = "this cluster is not configured for dual-stack services";
        errors.push(FieldError::invalid("spec.ipFamilyPolicy", named(&policy), detail));
    }
    for (index, family) in spec.ip_families.iter().enumerate().filter(|(_, family)| *family != Family::V4.name()) {
        errors.push(FieldError::invalid(format!("spec.ipFamilies[{index}]"), named(family), "not configured on this cluster"));
    }
    none_or(errors)?;
    if spec.ip_families.is_empty() {
        spec.ip_families.push(Family::V4.name().to_owned());
    }
    Ok(())
}

fn none_or(errors: Vec<FieldError>) -> Result<(), Vec<FieldError>> {
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Upstream: such a Service is neither upgraded nor downgraded without being told to.
fn is_same_prefer_dual_stack(new: &ServiceSpec, old: &ServiceSpec) -> bool {
    new.r#type == old.r#type
        && new.ip_family_policy.as_deref() == Some(PREFER_DUAL_STACK)
        && old.ip_family_policy.as_deref().is_none_or(|policy| policy == PREFER_DUAL_STACK)
        && new.cluster_ips == old.cluster_ips
        && new.ip_families == old.ip_families
}

/// Makes policy, families and cluster IPs fit each other, and infers families from the IPs.
fn settle_stack(spec: &mut ServiceSpec, old: Option<&ServiceSpec>, policy: &str) -> Vec<FieldError> {
    let refuse = |detail: &str| FieldError::invalid("spec.ipFamilyPolicy", named(policy), detail);
    let mut errors = Vec::new();
    if let Some(old) = old {
        if policy == SINGLE_STACK {
            if spec.cluster_ips == old.cluster_ips {
                spec.cluster_ips.truncate(1);
            }
            if spec.ip_families == old.ip_families {
                spec.ip_families.truncate(1);
            }
        } else {
            if is_reduced(&spec.cluster_ips, &old.cluster_ips) {
                errors.push(refuse("must be 'SingleStack' to release the secondary cluster IP"));
            }
            if is_reduced(&spec.ip_families, &old.ip_families) {
                errors.push(refuse("must be 'SingleStack' to release the secondary IP family"));
            }
        }
    }
    if policy == SINGLE_STACK {
        let dual = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
        if spec.cluster_ips.len() == 2 {
            errors.push(refuse(&format!("{dual} cluster IPs are specified")));
        }
        if spec.ip_families.len() == 2 {
            errors.push(refuse(&format!("{dual} IP families are specified")));
        }
    }
    for (index, ip) in spec.cluster_ips.iter().enumerate().take_while(|(_, ip)| *ip != CLUSTER_IP_NONE) {
        if index < spec.ip_families.len() {
            continue;
        }
        match family_of(ip) {
            Some(Family::V6) => errors.push(FieldError::invalid(
                format!("spec.clusterIPs[{index}]"),
                texts(&spec.cluster_ips),
                "IPv6 is not configured on this cluster",
            )),
            _ => spec.ip_families.push(Family::V4.name().to_owned()),
        }
    }
    errors
}

/// A list that is not given is not reduced.
fn is_reduced(new: &[String], old: &[String]) -> bool {
    !new.is_empty() && new.len() < old.len()
}

/// What must hold among cluster IPs, families and policy.
fn check_cluster_ip_fields(spec: &ServiceSpec, old: Option<&ServiceSpec>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let list = |detail: &str| FieldError::invalid("spec.clusterIPs", texts(&spec.cluster_ips), detail);
    match (spec.cluster_ip.as_str(), spec.cluster_ips.first()) {
        ("", Some(_)) => errors.push(list("must be empty when `clusterIP` is not specified")),
        ("", None) => {}
        (_, None) => errors.push(FieldError::required("spec.clusterIPs", "")),
        (given, Some(first)) if first != given => errors.push(list("first value must match `clusterIP`")),
        _ => {}
    }
    for (index, family) in spec.ip_families.iter().enumerate() {
        if family != Family::V4.name() && family != Family::V6.name() {
            let supported = [Family::V4.name(), Family::V6.name()];
            errors.push(FieldError::not_supported(format!("spec.ipFamilies[{index}]"), named(family), &supported));
        }
        if spec.ip_families.iter().take(index).any(|earlier| earlier == family) {
            errors.push(FieldError::duplicate(format!("spec.ipFamilies[{index}]"), named(family)));
        }
    }
    let policies = [PREFER_DUAL_STACK, REQUIRE_DUAL_STACK, SINGLE_STACK];
    if let Some(policy) = &spec.ip_family_policy
        && !policies.contains(&policy.as_str())
    {
        errors.push(FieldError::not_supported("spec.ipFamilyPolicy", named(policy), &policies));
    }
    let existing = old.map_or(&[][..], |old| &old.cluster_ips);
    let mut misplaced = false;
    for (index, ip) in spec.cluster_ips.iter().enumerate() {
        if index == 0 && ip == CLUSTER_IP_NONE {
            if spec.cluster_ips.len() > 1 {
                misplaced = true;
                errors.push(list("'None' must be the first and only value"));
            }
            continue;
        }
        if !existing.contains(ip)
            && let Some(fault) = ip_faults(ip)
        {
            misplaced = true;
            errors.push(FieldError::invalid(format!("spec.clusterIPs[{index}]"), text(ip), fault));
        }
    }
    if spec.cluster_ips.len() > 2 {
        errors.push(list("may only hold up to 2 values"));
    }
    if misplaced {
        return errors;
    }
    let families: Vec<_> = spec.cluster_ips.iter().map(|ip| family_of(ip)).collect();
    if families.len() > 1 && !(families.contains(&Some(Family::V4)) && families.contains(&Some(Family::V6))) {
        errors.push(list("may specify no more than one IP for each IP family"));
    }
    if !spec.is_headless() {
        for (index, ((ip, is), wanted)) in spec.cluster_ips.iter().zip(families).zip(&spec.ip_families).enumerate() {
            let is = is.unwrap_or(Family::V4);
            let known = wanted == Family::V4.name() || wanted == Family::V6.name();
            if known && is.name() != wanted {
                let detail = format!("expected an {wanted} value as indicated by `ipFamilies[{index}]`");
                errors.push(FieldError::invalid(format!("spec.clusterIPs[{index}]"), text(ip), &detail));
            }
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::super::normalise::normalise_cluster_ips;
    use super::super::testing::{defaulted, summary};
    use super::*;

    fn outcome(service: &mut Service, old: Option<&Service>) -> String {
        normalise_cluster_ips(service, old);
        match init_ip_families(service, old) {
            Ok(()) => {
                format!("{} {:?}", service.spec.ip_family_policy.as_deref().unwrap_or("-"), service.spec.ip_families)
            }
            Err(errors) => summary(&errors),
        }
    }

    #[track_caller]
    fn check(name: &str, old: &str, new: &str, expect: &str) {
        let old = (!old.is_empty()).then(|| {
            let mut old = defaulted(old);
            outcome(&mut old, None);
            old
        });
        assert_eq!(outcome(&mut defaulted(new), old.as_ref()), expect, "{name}");
    }

    #[test]
    fn families() {
        let headless = r#"{"clusterIP":"None"}"#;
        let no_dual =
            "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services";
        for (name, old, new, expect) in [
            ("allocate/families/plain", "", "{}", r#"SingleStack ["IPv4"]"#.to_owned()),
            ("allocate/families/prefer", "", r#"{"ipFamilyPolicy":"PreferDualStack"}"#, r#"PreferDualStack ["IPv4"]"#.to_owned()),
            ("allocate/families/require", "", r#"{"ipFamilyPolicy":"RequireDualStack","ipFamilies":["IPv4","IPv6"]}"#, format!("{no_dual}; spec.ipFamilies[1]: Invalid value: \"IPv6\": not configured on this cluster")),
            ("allocate/families/headless_without_selector", "", headless, r#"RequireDualStack ["IPv4", "IPv6"]"#.to_owned()),
            ("allocate/families/headless_with_selector", "", r#"{"clusterIP":"None","selector":{"a":"b"}}"#, r#"SingleStack ["IPv4"]"#.to_owned()),
            ("allocate/families/trap/put_adds_selector", headless, r#"{"clusterIP":"None","selector":{"a":"b"}}"#, no_dual.to_owned()),
            ("allocate/families/trap/single_stack_trims", headless, r#"{"clusterIP":"None","selector":{"a":"b"},"ipFamilyPolicy":"SingleStack","ipFamilies":["IPv4","IPv6"]}"#, r#"SingleStack ["IPv4"]"#.to_owned()),
            ("allocate/families/fewer_without_a_policy", headless, r#"{"clusterIP":"None","ipFamilies":["IPv4"]}"#, r#"spec.ipFamilyPolicy: Invalid value: "RequireDualStack": must be 'SingleStack' to release the secondary IP family"#.to_owned()),
            ("allocate/families/other_order_stays", headless, r#"{"clusterIP":"None","ipFamilies":["IPv6","IPv4"]}"#, r#"RequireDualStack ["IPv6", "IPv4"]"#.to_owned()),
            ("allocate/families/headless_of_ipv6", "", r#"{"clusterIP":"None","ipFamilies":["IPv6"]}"#, r#"RequireDualStack ["IPv6", "IPv4"]"#.to_owned()),
            ("allocate/families/headless_of_one", "", r#"{"clusterIP":"None","ipFamilies":["IPv6"],"ipFamilyPolicy":"SingleStack"}"#, r#"SingleStack ["IPv6"]"#.to_owned()),
            ("allocate/related/three", "", r#"{"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9","fd00::1","10.0.0.10"],"ipFamilyPolicy":"PreferDualStack"}"#, r#"spec.clusterIPs: Invalid value: ["10.0.0.9","fd00::1","10.0.0.10"]: may only hold up to 2 values"#.to_owned()),
            ("allocate/families/ipv6_address", "", r#"{"clusterIP":"fd00::1"}"#, r#"spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster"#.to_owned()),
            ("allocate/families/two_for_single", "", r#"{"ipFamilies":["IPv4","IPv6"]}"#, r#"spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"#.to_owned()),
            ("allocate/related/unknown_and_repeated", "", r#"{"ipFamilies":["IPvX","IPvX"],"ipFamilyPolicy":"Foo"}"#, r#"spec.ipFamilies[0]: Unsupported value: "IPvX": supported values: "IPv4", "IPv6"; spec.ipFamilies[1]: Unsupported value: "IPvX": supported values: "IPv4", "IPv6"; spec.ipFamilies[1]: Duplicate value: "IPvX"; spec.ipFamilyPolicy: Unsupported value: "Foo": supported values: "PreferDualStack", "RequireDualStack", "SingleStack""#.to_owned()),
            ("allocate/related/not_first", "", r#"{"clusterIP":"10.0.0.9","clusterIPs":["10.0.4.4"]}"#, r#"spec.clusterIPs: Invalid value: ["10.0.4.4"]: first value must match `clusterIP`"#.to_owned()),
            ("allocate/related/only_plural", "", r#"{"clusterIPs":["10.0.9.9"]}"#, r#"spec.clusterIPs: Invalid value: ["10.0.9.9"]: must be empty when `clusterIP` is not specified"#.to_owned()),
            ("allocate/related/none_and_more", "", r#"{"clusterIP":"None","clusterIPs":["None","10.0.0.1"]}"#, r#"spec.clusterIPs: Invalid value: ["None","10.0.0.1"]: 'None' must be the first and only value"#.to_owned()),
            ("allocate/related/bad", "", r#"{"clusterIP":"hello"}"#, r#"spec.clusterIPs[0]: Invalid value: "hello": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"#.to_owned()),
            ("allocate/related/one_family_twice", "", r#"{"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9","10.0.0.10"]}"#, r#"spec.clusterIPs: Invalid value: ["10.0.0.9","10.0.0.10"]: may specify no more than one IP for each IP family"#.to_owned()),
            ("allocate/related/other_family", "", r#"{"clusterIP":"10.0.1.2","ipFamilies":["IPv6"]}"#, r#"spec.clusterIPs[0]: Invalid value: "10.0.1.2": expected an IPv6 value as indicated by `ipFamilies[0]`"#.to_owned()),
        ] {
            check(name, old, new, &expect);
        }
    }
}
