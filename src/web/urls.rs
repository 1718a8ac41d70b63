//! Every address of the program, once. Pages and handlers take them from here; values in them are percent-encoded.

use std::{borrow::Borrow, fmt::Write};
use uuid::Uuid;

/// Writes a value so that it can stand in one part of a path or a query.
fn part(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// An address with a query; parameters without a value are left out.
pub fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let given: Vec<String> = parameters
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", part(value)))
        .collect();
    if given.is_empty() { path.to_owned() } else { format!("{path}?{}", given.join("&")) }
}

/// The start page.
pub fn home() -> String {
    "/".into()
}

/// The page on which the first administrator is made.
pub fn setup(token: &str) -> String {
    format!("/setup/{}", part(token))
}

/// Signing in, and where to go afterwards.
pub fn login(next: Option<&str>) -> String {
    with_query("/login", &[("next", next.unwrap_or_default())])
}

/// Signing out.
pub fn logout() -> String {
    "/logout".into()
}

/// A form that was sent by somebody who was signed out.
pub fn kept_form() -> String {
    "/kept-form".into()
}

/// Taking up an invitation.
pub fn invitation(token: &str) -> String {
    format!("/invitations/{}", part(token))
}

/// The list of tenants.
pub fn tenants() -> String {
    "/tenants".into()
}

/// The form for a new tenant.
pub fn new_tenant() -> String {
    "/tenants/new".into()
}

/// The form for a new tenant that is like another one.
pub fn new_tenant_like(slug: &str) -> String {
    with_query("/tenants/new", &[("like", slug)])
}

/// A tenant that somebody has begun to describe: at its open question.
pub fn draft(id: &str) -> String {
    format!("/tenants/new/{}", part(id))
}

/// A question about a tenant that somebody has begun to describe.
pub fn draft_step(id: &str, step: &str) -> String {
    format!("/tenants/new/{}/{}", part(id), part(step))
}

/// The same question, asked again from the page with all answers.
pub fn draft_change(id: &str, step: &str) -> String {
    with_query(&draft_step(id, step), &[("from", "check")])
}

/// The live check of a name.
pub fn check_name() -> String {
    "/tenants/check-name".into()
}

/// A tenant.
pub fn tenant(slug: &str) -> String {
    format!("/tenants/{}", part(slug))
}

/// The steps that make a tenant.
pub fn tenant_setup(slug: &str) -> String {
    format!("/tenants/{}/setup", part(slug))
}

/// A tenant's tables.
pub fn tenant_structure(slug: &str) -> String {
    format!("/tenants/{}/structure", part(slug))
}

/// A tenant's history.
pub fn tenant_activity(slug: &str) -> String {
    format!("/tenants/{}/activity", part(slug))
}

/// A tenant's exports.
pub fn tenant_exports(slug: &str) -> String {
    format!("/tenants/{}/exports", part(slug))
}

/// An export's file.
pub fn tenant_export(slug: &str, export: &str) -> String {
    format!("/tenants/{}/exports/{}", part(slug), part(export))
}

/// Removing an export.
pub fn tenant_export_remove(slug: &str, export: &str) -> String {
    format!("/tenants/{}/exports/{}/remove", part(slug), part(export))
}

/// What can be done to a tenant.
pub fn tenant_manage(slug: &str) -> String {
    format!("/tenants/{}/manage", part(slug))
}

/// The question before an act, such as `pause`, and the act.
pub fn tenant_act(slug: &str, act: &str) -> String {
    format!("/tenants/{}/manage/{}", part(slug), part(act))
}

/// The question before a snapshot is restored.
pub fn tenant_restore(slug: &str, snapshot: &str) -> String {
    with_query(&tenant_act(slug, "restore"), &[("snapshot", snapshot)])
}

/// Another try.
pub fn tenant_retry(slug: &str) -> String {
    format!("/tenants/{}/retry", part(slug))
}

/// The owners of a tenant who sign in here.
pub fn tenant_owners(slug: &str) -> String {
    format!("/tenants/{}/owners", part(slug))
}

/// A new invitation link.
pub fn tenant_invitation(slug: &str) -> String {
    format!("/tenants/{}/invitation", part(slug))
}

/// Shows the password of its account, once.
pub fn tenant_password(slug: &str) -> String {
    format!("/tenants/{}/password", part(slug))
}

/// The database servers.
pub fn servers() -> String {
    "/servers".into()
}

/// The form for a new server.
pub fn add_server() -> String {
    "/servers/add".into()
}

/// A server.
pub fn server(name: &str) -> String {
    format!("/servers/{}", part(name))
}

/// Trying a server out.
pub fn server_test(name: &str) -> String {
    format!("/servers/{}/test", part(name))
}

/// Whether a server takes new tenants.
pub fn server_drain(name: &str) -> String {
    format!("/servers/{}/drain", part(name))
}

/// Changing a server.
pub fn server_change(name: &str) -> String {
    format!("/servers/{}/change", part(name))
}

/// Removing a server.
pub fn server_remove(name: &str) -> String {
    format!("/servers/{}/remove", part(name))
}

/// The templates.
pub fn templates() -> String {
    "/templates".into()
}

/// A template version.
pub fn template(template_type: &str, version: &str) -> String {
    format!("/templates/{}/{}", part(template_type), part(version))
}

/// The form that brings templates in.
pub fn import_templates() -> String {
    "/templates/import".into()
}

/// The files of a template version in a zip.
pub fn template_files(template_type: &str, version: &str) -> String {
    format!("{}/files.zip", template(template_type, version))
}

/// Beginning a draft from a template version.
pub fn change_template(template_type: &str, version: &str) -> String {
    format!("{}/change", template(template_type, version))
}

/// Retiring a template version.
pub fn retire_template(template_type: &str, version: &str) -> String {
    format!("{}/retire", template(template_type, version))
}

/// Bringing a retired template version back.
pub fn bring_template_back(template_type: &str, version: &str) -> String {
    format!("{}/bring-back", template(template_type, version))
}

/// A draft of a template version.
pub fn template_draft(id: &str) -> String {
    format!("/template-drafts/{}", part(id))
}

/// The editor of a draft; with a path, of that file.
pub fn template_draft_file(id: &str, path: &str) -> String {
    with_query(&format!("{}/file", template_draft(id)), &[("path", path)])
}

/// What can be done with a draft: `files`, `move`, `remove`, `details`, `modules`, `check`, `changes`, `publish`, `discard`.
pub fn template_draft_part(id: &str, what: &str) -> String {
    format!("{}/{}", template_draft(id), part(what))
}

/// The jobs.
pub fn jobs() -> String {
    "/jobs".into()
}

/// The styleguide.
pub fn styleguide() -> String {
    "/styleguide".into()
}

/// The people who sign in.
pub fn people() -> String {
    "/people".into()
}

/// The form to invite somebody.
pub fn invite() -> String {
    "/people/invite".into()
}

/// A person.
pub fn person(id: Uuid) -> String {
    format!("/people/{id}")
}

/// Changing what a person may do.
pub fn person_role(id: impl Borrow<Uuid>) -> String {
    format!("/people/{}/role", id.borrow())
}

/// Switching a person off.
pub fn person_switch_off(id: impl Borrow<Uuid>) -> String {
    format!("/people/{}/switch-off", id.borrow())
}

/// Switching a person on again.
pub fn person_switch_on(id: impl Borrow<Uuid>) -> String {
    format!("/people/{}/switch-on", id.borrow())
}

/// Making a link with which a person chooses a password.
pub fn person_link(id: impl Borrow<Uuid>) -> String {
    format!("/people/{}/link", id.borrow())
}

/// Signing a person out everywhere.
pub fn person_end_sessions(id: impl Borrow<Uuid>) -> String {
    format!("/people/{}/end-sessions", id.borrow())
}

/// Giving an owner a tenant.
pub fn person_tenants(id: impl Borrow<Uuid>) -> String {
    format!("/people/{}/tenants", id.borrow())
}

/// Taking a tenant from an owner.
pub fn person_take_tenant(id: impl Borrow<Uuid>) -> String {
    format!("/people/{}/tenants/take", id.borrow())
}

/// Removing a person.
pub fn person_remove(id: impl Borrow<Uuid>) -> String {
    format!("/people/{}/remove", id.borrow())
}

/// How far something is that is done to many tenants.
pub fn drift_run(id: &str) -> String {
    format!("/drift/runs/{}", part(id))
}

/// Asks for a check of the tenants of a list.
pub fn tenants_check() -> String {
    "/tenants/check".into()
}

/// Unexpected changes of all tenants.
pub fn drift() -> String {
    "/drift".into()
}

/// Asking for a check of all tenants.
pub fn drift_check() -> String {
    "/drift/check".into()
}

/// Tenants with the same difference.
pub fn drift_group(difference: &str) -> String {
    format!("/drift/{}", part(difference))
}

/// Deciding about it: `repair`, `keep` or `ignore`.
pub fn drift_act(difference: &str, act: &str) -> String {
    format!("/drift/{}/{}", part(difference), part(act))
}

/// Unexpected changes of a tenant.
pub fn tenant_drift(slug: &str) -> String {
    format!("/tenants/{}/changes", part(slug))
}

/// Looking at a tenant's database now.
pub fn tenant_drift_check(slug: &str) -> String {
    format!("/tenants/{}/changes/check", part(slug))
}

/// Putting back everything that differs in a tenant.
pub fn tenant_drift_repair_all(slug: &str) -> String {
    format!("/tenants/{}/changes/repair", part(slug))
}

/// Deciding about one difference of a tenant: `repair`, `keep`, `ignore` or `count`.
pub fn tenant_drift_act(slug: &str, difference: &str, act: &str) -> String {
    format!("/tenants/{}/changes/{}/{}", part(slug), part(difference), part(act))
}

/// One's own account.
pub fn account() -> String {
    "/account".into()
}

/// Changing one's own name.
pub fn account_name() -> String {
    "/account/name".into()
}

/// Changing one's own password.
pub fn account_password() -> String {
    "/account/password".into()
}

/// Ending one of one's own sessions.
pub fn account_end_session() -> String {
    "/account/sessions/end".into()
}

/// Ending one's other sessions.
pub fn account_end_others() -> String {
    "/account/sessions/end-others".into()
}

/// Choosing a password, behind a link.
pub fn choose_password(token: &str) -> String {
    format!("/password/{}", part(token))
}

/// Whether an address that a form brought back leads to a page of this program, and not to somebody else's.
pub fn is_own_page(address: &str) -> bool {
    address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains(['\\', '\r', '\n', '\t'])
        && !address.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place_in_an_address() {
        assert_eq!(tenant("../x?y#z"), "/tenants/..%2Fx%3Fy%23z");
        assert_eq!(login(Some("/a?b=c&d")), "/login?next=%2Fa%3Fb%3Dc%26d");
        assert_eq!(login(None), "/login");
    }

    #[test]
    fn only_pages_of_ours_are_gone_back_to() {
        assert!(is_own_page("/tenants?q=a"));
        for address in
            ["https://example.org", "//example.org", "/\\example.org", "javascript:alert(1)", "", "/a\nb"]
        {
            assert!(!is_own_page(address), "{address}");
        }
    }
}
