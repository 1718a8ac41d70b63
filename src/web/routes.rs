//! Every route of the program, once: its method, its path, who may use it, and its handler. The router is made from this
//! table, and the tests walk it, so that a route without a permission cannot be.

use super::guard;
use super::handlers::{
    account, dashboard, drift, invitations, jobs, kept, password, people, servers, session, setup,
    styleguide, template_details, template_drafts, template_editor, template_import, template_publishing,
    templates, tenants,
};
use crate::usecases::permissions::Permission;
use actix_web::{Resource, Route, middleware::from_fn, web};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody; what it shows is no secret, or the address itself is one (a link with a token).
    Open,
    /// Whoever is signed in and has the permission.
    Needs(Permission),
}

/// One route.
pub struct Entry {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, in the router's own notation.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    handler: fn() -> Route,
}

macro_rules! route {
    ($method:ident $path:literal, $access:expr, $handler:path) => {
        Entry { method: stringify!($method), path: $path, access: $access, handler: || route!(@ $method).to($handler) }
    };
    (@ GET) => { web::get() };
    (@ POST) => { web::post() };
}

/// The table. Fixed paths stand before paths with names in them.
pub fn table() -> Vec<Entry> {
    use Access::{Needs, Open};
    use Permission as P;
    vec![
        route!(GET "/", Needs(P::BeSignedIn), dashboard::show),
        route!(GET "/setup/{token}", Open, setup::form),
        route!(POST "/setup/{token}", Open, setup::create),
        route!(GET "/login", Open, session::form),
        route!(POST "/login", Open, session::sign_in),
        route!(GET "/kept-form", Needs(P::BeSignedIn), kept::show),
        route!(POST "/logout", Open, session::sign_out),
        route!(GET "/invitations/{token}", Open, invitations::form),
        route!(POST "/invitations/{token}", Open, invitations::take_up),
        route!(GET "/password/{token}", Open, password::form),
        route!(POST "/password/{token}", Open, password::choose),
        route!(GET "/tenants", Needs(P::SeeTenants), tenants::list::list),
        route!(POST "/tenants/check", Needs(P::CheckDrift), tenants::list::check),
        route!(GET "/tenants/new", Needs(P::CreateTenants), tenants::new::new),
        route!(POST "/tenants/new", Needs(P::CreateTenants), tenants::new::begin),
        route!(GET "/tenants/new/{draft}", Needs(P::CreateTenants), tenants::new::go_on),
        route!(GET "/tenants/new/{draft}/{step}", Needs(P::CreateTenants), tenants::new::show),
        route!(POST "/tenants/new/{draft}/{step}", Needs(P::CreateTenants), tenants::new::answer),
        route!(POST "/tenants/new/{draft}", Needs(P::CreateTenants), tenants::new::throw_away),
        route!(GET "/tenants/check-name", Needs(P::CreateTenants), tenants::name_check::check),
        route!(GET "/tenants/{slug}", Needs(P::SeeTenants), tenants::show::overview),
        route!(GET "/tenants/{slug}/setup", Needs(P::SeeTenants), tenants::setup::setup),
        route!(GET "/tenants/{slug}/structure", Needs(P::SeeTenants), tenants::structure::show),
        route!(GET "/tenants/{slug}/changes", Needs(P::SeeDrift), drift::tenant),
        route!(POST "/tenants/{slug}/changes/check", Needs(P::CheckDrift), drift::check),
        route!(GET "/tenants/{slug}/changes/repair", Needs(P::RepairDrift), drift::ask_all_of),
        route!(POST "/tenants/{slug}/changes/repair", Needs(P::RepairDrift), drift::do_all_of),
        route!(GET "/tenants/{slug}/changes/{difference}/repair", Needs(P::RepairDrift), drift::ask_one),
        route!(POST "/tenants/{slug}/changes/{difference}/repair", Needs(P::RepairDrift), drift::do_one),
        route!(GET "/tenants/{slug}/changes/{difference}/keep", Needs(P::RepairDrift), drift::ask_one),
        route!(POST "/tenants/{slug}/changes/{difference}/keep", Needs(P::RepairDrift), drift::do_one),
        route!(GET "/tenants/{slug}/changes/{difference}/ignore", Needs(P::RepairDrift), drift::ask_one),
        route!(POST "/tenants/{slug}/changes/{difference}/ignore", Needs(P::RepairDrift), drift::do_one),
        route!(POST "/tenants/{slug}/changes/{difference}/count", Needs(P::RepairDrift), drift::count_again),
        route!(GET "/tenants/{slug}/activity", Needs(P::SeeTenants), tenants::show::activity),
        route!(GET "/tenants/{slug}/exports", Needs(P::ExportTenants), tenants::exports::list),
        route!(POST "/tenants/{slug}/exports", Needs(P::ExportTenants), tenants::exports::ask),
        route!(GET "/tenants/{slug}/exports/{export}", Needs(P::ExportTenants), tenants::exports::fetch),
        route!(POST "/tenants/{slug}/exports/{export}/remove", Needs(P::ExportTenants), tenants::exports::remove),
        route!(GET "/tenants/{slug}/manage", Needs(P::EditTenants), tenants::manage::show),
        route!(GET "/tenants/{slug}/manage/details", Needs(P::EditTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/details", Needs(P::EditTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/give-up", Needs(P::CreateTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/give-up", Needs(P::CreateTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/pause", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/pause", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/resume", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/resume", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/archive", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/archive", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/unarchive", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/unarchive", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/keep", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/keep", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/clone", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/clone", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/snapshot", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/snapshot", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/restore", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/restore", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/delete", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/delete", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(GET "/tenants/{slug}/manage/new-password", Needs(P::ManageTenants), tenants::manage::acts::form),
        route!(POST "/tenants/{slug}/manage/new-password", Needs(P::ManageTenants), tenants::manage::acts::send),
        route!(POST "/tenants/{slug}/password", Needs(P::ManageTenants), tenants::show::password),
        route!(POST "/tenants/{slug}/retry", Needs(P::CreateTenants), tenants::setup::retry),
        route!(GET "/tenants/{slug}/owners", Needs(P::ShareTenants), tenants::owners::show),
        route!(POST "/tenants/{slug}/owners", Needs(P::ShareTenants), tenants::owners::invite),
        route!(POST "/tenants/{slug}/invitation", Needs(P::InviteOwners), tenants::show::invite),
        route!(GET "/templates", Needs(P::SeeTemplates), templates::list),
        route!(GET "/templates/import", Needs(P::ImportTemplates), template_import::form),
        route!(POST "/templates/import", Needs(P::ImportTemplates), template_import::import),
        route!(GET "/templates/{type}/{version}", Needs(P::SeeTemplates), templates::show),
        route!(GET "/templates/{type}/{version}/files.zip", Needs(P::SeeTemplates), template_import::download),
        route!(GET "/templates/{type}/{version}/change", Needs(P::EditTemplates), template_drafts::choose),
        route!(POST "/templates/{type}/{version}/change", Needs(P::EditTemplates), template_drafts::begin),
        route!(GET "/templates/{type}/{version}/retire", Needs(P::PublishTemplates), template_publishing::ask),
        route!(POST "/templates/{type}/{version}/retire", Needs(P::PublishTemplates), template_publishing::retire),
        route!(POST "/templates/{type}/{version}/bring-back", Needs(P::PublishTemplates), template_publishing::bring_back),
        route!(GET "/template-drafts/{template_draft}", Needs(P::SeeTemplates), template_drafts::show),
        route!(GET "/template-drafts/{template_draft}/file", Needs(P::SeeTemplates), template_editor::file),
        route!(POST "/template-drafts/{template_draft}/file", Needs(P::EditTemplates), template_editor::save),
        route!(POST "/template-drafts/{template_draft}/files", Needs(P::EditTemplates), template_editor::add),
        route!(POST "/template-drafts/{template_draft}/move", Needs(P::EditTemplates), template_editor::rename),
        route!(POST "/template-drafts/{template_draft}/remove", Needs(P::EditTemplates), template_editor::remove),
        route!(GET "/template-drafts/{template_draft}/details", Needs(P::SeeTemplates), template_details::details),
        route!(POST "/template-drafts/{template_draft}/details", Needs(P::EditTemplates), template_details::save),
        route!(POST "/template-drafts/{template_draft}/modules", Needs(P::EditTemplates), template_details::modules),
        route!(GET "/template-drafts/{template_draft}/changes", Needs(P::SeeTemplates), template_drafts::changes),
        route!(POST "/template-drafts/{template_draft}/check", Needs(P::EditTemplates), template_publishing::check),
        route!(POST "/template-drafts/{template_draft}/publish", Needs(P::PublishTemplates), template_publishing::publish),
        route!(GET "/template-drafts/{template_draft}/discard", Needs(P::EditTemplates), template_drafts::ask_discard),
        route!(POST "/template-drafts/{template_draft}/discard", Needs(P::EditTemplates), template_drafts::discard),
        route!(GET "/drift", Needs(P::CheckDrift), drift::fleet),
        route!(POST "/drift/check", Needs(P::CheckDrift), drift::check_all),
        route!(GET "/drift/runs/{run}", Needs(P::CheckDrift), drift::run),
        route!(GET "/drift/{difference}", Needs(P::CheckDrift), drift::group),
        route!(POST "/drift/{difference}/check", Needs(P::CheckDrift), drift::check_group),
        route!(GET "/drift/{difference}/repair", Needs(P::RepairDrift), drift::ask_group),
        route!(POST "/drift/{difference}/repair", Needs(P::RepairDrift), drift::do_group),
        route!(GET "/drift/{difference}/keep", Needs(P::RepairDrift), drift::ask_group),
        route!(POST "/drift/{difference}/keep", Needs(P::RepairDrift), drift::do_group),
        route!(GET "/drift/{difference}/ignore", Needs(P::RepairDrift), drift::ask_group),
        route!(POST "/drift/{difference}/ignore", Needs(P::RepairDrift), drift::do_group),
        route!(POST "/drift/{difference}/count", Needs(P::RepairDrift), drift::count_again_group),
        route!(GET "/jobs", Needs(P::SeeJobs), jobs::list),
        route!(GET "/styleguide", Needs(P::BeSignedIn), styleguide::show),
        route!(GET "/people", Needs(P::ManagePeople), people::list),
        route!(GET "/people/invite", Needs(P::ManagePeople), people::invite_form),
        route!(POST "/people/invite", Needs(P::ManagePeople), people::invite),
        route!(GET "/people/{person}", Needs(P::ManagePeople), people::show),
        route!(POST "/people/{person}/role", Needs(P::ManagePeople), people::set_role),
        route!(POST "/people/{person}/switch-off", Needs(P::ManagePeople), people::switch_off),
        route!(POST "/people/{person}/switch-on", Needs(P::ManagePeople), people::switch_on),
        route!(POST "/people/{person}/link", Needs(P::ManagePeople), people::make_link),
        route!(POST "/people/{person}/end-sessions", Needs(P::ManagePeople), people::end_sessions),
        route!(POST "/people/{person}/tenants", Needs(P::ManagePeople), people::add_tenant),
        route!(POST "/people/{person}/tenants/take", Needs(P::ManagePeople), people::take_tenant),
        route!(GET "/people/{person}/remove", Needs(P::ManagePeople), people::ask_remove),
        route!(POST "/people/{person}/remove", Needs(P::ManagePeople), people::remove),
        route!(GET "/servers", Needs(P::ManageServers), servers::list),
        route!(GET "/servers/add", Needs(P::ManageServers), servers::add_form),
        route!(POST "/servers/add", Needs(P::ManageServers), servers::add),
        route!(GET "/servers/{server}", Needs(P::ManageServers), servers::show),
        route!(POST "/servers/{server}/test", Needs(P::ManageServers), servers::test),
        route!(POST "/servers/{server}/drain", Needs(P::ManageServers), servers::drain),
        route!(GET "/servers/{server}/change", Needs(P::ManageServers), servers::change_form),
        route!(POST "/servers/{server}/change", Needs(P::ManageServers), servers::change),
        route!(GET "/servers/{server}/remove", Needs(P::ManageServers), servers::ask_remove),
        route!(POST "/servers/{server}/remove", Needs(P::ManageServers), servers::remove),
        route!(GET "/account", Needs(P::BeSignedIn), account::show),
        route!(POST "/account/name", Needs(P::BeSignedIn), account::rename),
        route!(POST "/account/password", Needs(P::BeSignedIn), account::change_password),
        route!(POST "/account/sessions/end", Needs(P::BeSignedIn), account::end_session),
        route!(POST "/account/sessions/end-others", Needs(P::BeSignedIn), account::end_other_sessions),
        route!(GET "/static/{file}", Open, super::assets::serve),
        route!(GET "/healthz", Open, super::health::alive),
        route!(GET "/readyz", Open, super::health::ready),
    ]
}

/// The routes for the router: one resource a path, so that a wrong method is answered with 405.
pub fn resources() -> Vec<Resource> {
    let mut resources: Vec<(&'static str, Resource)> = Vec::new();
    for entry in table() {
        let access = entry.access;
        let route = (entry.handler)().wrap(from_fn(move |request, next| guard::check(access, request, next)));
        match resources.iter().position(|(path, _)| *path == entry.path) {
            Some(place) => {
                let (path, resource) = resources.remove(place);
                resources.insert(place, (path, resource.route(route)));
            }
            None => resources.push((entry.path, web::resource(entry.path).route(route))),
        }
    }
    resources.into_iter().map(|(_, resource)| resource).collect()
}
