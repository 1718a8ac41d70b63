//! Who may do what: one table, read by every route and every use case.

use crate::store::users::Role;

/// Something that can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See that one is signed in: the start page, signing out.
    BeSignedIn,
    /// See tenants, their schema and their history.
    SeeTenants,
    /// Create tenants and retry those that failed.
    CreateTenants,
    /// Change a tenant's name and plan.
    EditTenants,
    /// Suspend, archive, clone, restore and delete tenants.
    ManageTenants,
    /// Make the link with which a tenant's owner chooses a password in the tenant's own application.
    InviteOwners,
    /// Let owners sign in here and see their tenant.
    ShareTenants,
    /// Take all of a tenant's data out of the house.
    ExportTenants,
    /// See templates, their modules and migrations.
    SeeTemplates,
    /// Import templates.
    ImportTemplates,
    /// Make drafts of template versions and change them.
    EditTemplates,
    /// Publish drafts; retire versions and bring them back.
    PublishTemplates,
    /// See jobs.
    SeeJobs,
    /// Invite people, give them roles, switch them off, remove them.
    ManagePeople,
    /// Add database servers, try them out, take them out of use.
    ManageServers,
    /// See whether a tenant's database is what it should be.
    SeeDrift,
    /// Compare databases with what they should be, and see the outcome of all.
    CheckDrift,
    /// Put back what differs, keep it as a tenant's own, or leave it alone.
    RepairDrift,
}

impl Permission {
    /// All of them.
    pub const ALL: [Permission; 18] = [
        Permission::BeSignedIn,
        Permission::SeeTenants,
        Permission::CreateTenants,
        Permission::EditTenants,
        Permission::ManageTenants,
        Permission::InviteOwners,
        Permission::ExportTenants,
        Permission::ShareTenants,
        Permission::SeeTemplates,
        Permission::ImportTemplates,
        Permission::EditTemplates,
        Permission::PublishTemplates,
        Permission::SeeJobs,
        Permission::ManagePeople,
        Permission::ManageServers,
        Permission::SeeDrift,
        Permission::CheckDrift,
        Permission::RepairDrift,
    ];

    /// What it allows, in the words of the page about people.
    pub fn words(self) -> &'static str {
        match self {
            Permission::BeSignedIn => "Sign in, and look after the own account",
            Permission::SeeTenants => "See tenants, their structure and their history",
            Permission::CreateTenants => "Create tenants, and try again where it did not work",
            Permission::InviteOwners => "Make the link for the first sign-in to a tenant's application",
            Permission::EditTenants => "Change a tenant's name and plan",
            Permission::ManageTenants => "Suspend, archive, clone, restore and delete tenants",
            Permission::ExportTenants => "Take out all of a tenant's data",
            Permission::ShareTenants => "Let owners sign in here and see their tenant",
            Permission::SeeTemplates => "See templates",
            Permission::ImportTemplates => "Bring in templates",
            Permission::EditTemplates => "Change drafts of templates",
            Permission::PublishTemplates => "Publish templates, retire them and bring them back",
            Permission::SeeJobs => "See jobs",
            Permission::ManageServers => "Add database servers, and take them out of use",
            Permission::SeeDrift => "See unexpected changes in a tenant's database",
            Permission::CheckDrift => "Look for unexpected changes in tenants' databases",
            Permission::RepairDrift => "Decide about unexpected changes",
            Permission::ManagePeople => "Invite people, change what they may do, remove them",
        }
    }
}

/// How far a permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    None,
    /// To the tenants that the person owns.
    Own,
    /// To everything.
    All,
}

/// The table.
pub fn reach(role: Role, permission: Permission) -> Reach {
    match (permission, role) {
        (Permission::BeSignedIn, _) => Reach::All,
        (
            Permission::ImportTemplates
            | Permission::EditTemplates
            | Permission::PublishTemplates
            | Permission::ExportTenants
            | Permission::ManageTenants
            | Permission::ManagePeople
            | Permission::ManageServers
            | Permission::RepairDrift,
            Role::Staff,
        ) => Reach::None,
        (_, Role::Admin | Role::Staff) => Reach::All,
        (Permission::SeeTenants | Permission::SeeDrift, Role::Owner) => Reach::Own,
        (_, Role::Owner) => Reach::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_sees_own_tenants_and_nothing_else() {
        for permission in Permission::ALL {
            let expected = match permission {
                Permission::SeeTenants | Permission::SeeDrift => Reach::Own,
                Permission::BeSignedIn => Reach::All,
                _ => Reach::None,
            };
            assert_eq!(reach(Role::Owner, permission), expected, "{permission:?}");
        }
    }

    #[test]
    fn staff_may_create_tenants_and_see_templates_but_not_change_them() {
        assert_eq!(reach(Role::Staff, Permission::CreateTenants), Reach::All);
        assert_eq!(reach(Role::Staff, Permission::SeeTemplates), Reach::All);
        for permission in
            [Permission::ImportTemplates, Permission::EditTemplates, Permission::PublishTemplates]
        {
            assert_eq!(reach(Role::Staff, permission), Reach::None, "{permission:?}");
        }
        assert_eq!(reach(Role::Staff, Permission::ExportTenants), Reach::None);
        assert_eq!(reach(Role::Staff, Permission::EditTenants), Reach::All);
        assert_eq!(reach(Role::Staff, Permission::ManageTenants), Reach::None);
        assert_eq!(reach(Role::Staff, Permission::CheckDrift), Reach::All);
        assert_eq!(reach(Role::Staff, Permission::RepairDrift), Reach::None);
    }
}
