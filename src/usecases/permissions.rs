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
    /// Make an invitation link for a tenant's owner.
    InviteOwners,
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
}

impl Permission {
    /// All of them.
    pub const ALL: [Permission; 10] = [
        Permission::BeSignedIn,
        Permission::SeeTenants,
        Permission::CreateTenants,
        Permission::InviteOwners,
        Permission::ExportTenants,
        Permission::SeeTemplates,
        Permission::ImportTemplates,
        Permission::EditTemplates,
        Permission::PublishTemplates,
        Permission::SeeJobs,
    ];
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
            | Permission::ExportTenants,
            Role::Staff,
        ) => Reach::None,
        (_, Role::Admin | Role::Staff) => Reach::All,
        (Permission::SeeTenants, Role::Owner) => Reach::Own,
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
                Permission::SeeTenants => Reach::Own,
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
    }
}
