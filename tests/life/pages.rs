//! The pages of these acts.

use crate::support::{ask, tenant, work_off};

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_ask_first_say_what_is_wrong_and_show_the_steps() {
    use crate::support::site::Site;
    use reqwest::StatusCode;
    use tenantry::store::users::Role;
    let site = Site::start().await;
    ask(&site.app, "Acme & Sons", &[]).await;
    work_off(&site.app).await;
    site.add("staff@example.org", Role::Staff).await;
    site.add("admin@example.org", Role::Admin).await;
    let owner = site.add("dana@example.org", Role::Owner).await;
    site.own(owner, "acme-sons").await;
    let staff = site.signed_in("staff@example.org").await;
    let admin = site.signed_in("admin@example.org").await;
    let owner = site.signed_in("dana@example.org").await;
    let manage = "/tenants/acme-sons/manage";

    let text = staff.text(manage).await;
    assert!(
        text.contains("Change name or plan") && !text.contains("Delete it") && !text.contains("Snapshots")
    );
    let text = owner.text("/tenants/acme-sons").await;
    assert!(!text.contains("Manage"), "owners see nothing of it");
    let text = admin.text(manage).await;
    for button in ["Pause it", "Archive it", "Clone it", "Take a snapshot", "Delete it"] {
        assert!(text.contains(button), "{button}");
    }

    let answer = admin.post(&format!("{manage}/delete"), &[("confirm", "Acme")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let text = answer.text().await.unwrap();
    assert!(text.contains("value=\"Acme\"") && text.contains("Nothing was deleted"), "{text}");
    let answer = admin.post(&format!("{manage}/clone"), &[("name", ""), ("email", "x")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.unwrap().contains("name=\"request_id\""));
    // Without a snapshot there is nothing to restore: back to the list of them.
    assert_eq!(admin.get(&format!("{manage}/restore")).await.status(), StatusCode::SEE_OTHER);

    let answer = admin.post(&format!("{manage}/pause"), &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/tenants/acme-sons/setup");
    assert!(admin.text("/tenants/acme-sons/setup").await.contains("Pausing "));
    // While it goes on nothing else can be begun, and the page says why.
    let answer = admin.post(&format!("{manage}/archive"), &[]).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert!(answer.text().await.unwrap().contains("has been going on for"));
    assert!(admin.text(manage).await.contains("has been going on for"));
    work_off(&site.app).await;
    assert!(admin.text("/tenants/acme-sons/setup").await.contains(" is paused"));
    assert!(admin.text("/tenants/acme-sons").await.contains("This tenant is paused"));
    assert!(admin.text("/jobs").await.contains("Pause a tenant"));
    assert!(admin.text(manage).await.contains("Resume it"));
    // The owner sees the tenant, and nothing of the job.
    assert_eq!(owner.get("/tenants/acme-sons/setup").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(staff.post(&format!("{manage}/resume"), &[]).await.status(), StatusCode::FORBIDDEN);
    let answer = admin.post(&format!("{manage}/details"), &[("name", "Acme"), ("plan", "premium")]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, "acme-sons").await.name, "Acme");
}
