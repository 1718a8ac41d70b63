//! The pages say what each module and each table is for.

use super::{
    made::{Made, TEMPLATES, files},
    support::{form, site::Site, work_off},
};
use tenantry::{
    store::users::Role,
    usecases::{actor::Actor, tenants},
};

#[tokio::test]
async fn the_pages_of_a_template_and_of_a_tenant_say_what_modules_and_tables_are_for() {
    let site = Site::start().await;
    site.add("ann@example.org", Role::Admin).await;
    let ann = site.signed_in("ann@example.org").await;
    for template in TEMPLATES {
        let files = files(template);
        let mut form = form(&format!("Tenant {template}"), &[]);
        form.template = template.to_owned();
        form.modules = files.modules.iter().map(|module| module.name.clone()).collect();
        let created = tenants::create(&site.app, &Actor::CommandLine, form).await.unwrap();
        work_off(&site.app).await;
        let made = Made::new(template, true).await;
        let pages = [
            ann.text(&format!("/templates/{template}/{}", files.version)).await,
            ann.text(&format!("/tenants/{}/structure", created.tenant.slug)).await,
        ];
        for page in pages.map(|page| page.replace("&#39;", "'")) {
            for module in &files.modules {
                assert!(page.contains(&module.description), "{template}: {}", module.name);
            }
            for table in made.schema.tables.values() {
                let comment = table.comment.clone().unwrap();
                assert!(page.contains(&comment), "{template}: {} does not say {comment}", table.name);
            }
        }
    }
}
