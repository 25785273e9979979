//! Which keys end soon, and whether anybody would miss them.

use serde_json::json;

use super::{house, key, labels, other, row};
use crate::sign_in::visitor::{Visitor, text};

const EXPIRING: &str = "/orgs/acme/expiring";

#[tokio::test]
async fn keys_that_end_soon_are_told_with_whether_they_are_used() {
    let house = house().await;
    let admin = house.admin();
    let dana = Visitor::dana(&house).await;
    let none = dana.get(EXPIRING).await.expect(200);
    assert!(text(&none).contains("<h2>Nothing expires in the next 30 days</h2>"), "{none:?}");
    for (label, life) in [("month", "29d"), ("fortnight", "13d"), ("week", "6d"), ("day", "20h"), ("far", "31d")] {
        key(&admin, label, json!({ "expires_in": life })).await;
    }
    for label in ["past", "long past", "gone"] {
        key(&admin, label, json!({ "expires_in": "5d" })).await;
    }
    let (turning, _) = key(&admin, "turning", json!({ "expires_in": "26d" })).await;
    admin.post(&admin.at(&format!("/keys/{turning}/rotate")), json!({ "overlap": "24h" })).await.expect(200);
    let (_, holder) = key(&admin, "used", json!({ "expires_in": "25d" })).await;
    for _ in 0..4 {
        holder.get("/v1/whoami").await.expect(200);
    }
    house.flush_uses().await;
    let change = "UPDATE api_keys SET expires_at = now() - interval '2 days' WHERE label = 'past';
                  UPDATE api_keys SET expires_at = now() - interval '8 days' WHERE label = 'long past';
                  UPDATE api_keys SET revoked_at = now(), revoked_by_kind = 'local' WHERE label = 'gone';
                  UPDATE api_keys SET created_at = now() - interval '14 days' WHERE label = 'fortnight';
                  UPDATE api_keys SET last_used_at = now() - interval '40 days' WHERE label = 'week'";
    house.sql("superuser").await.batch_execute(change).await.unwrap();
    let page = dana.get(EXPIRING).await.expect(200);
    assert_eq!(labels(&page), ["past", "day", "week", "fortnight", "used", "turning", "month"]);
    let titles: Vec<_> = text(&page).split("<h2>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    let groups =
        ["Expired within the last 7 days", "Within a day", "Within 7 days", "Within 14 days", "Within 30 days"];
    assert_eq!(titles, groups);
    assert!(row(&page, "used").contains("<strong>still used</strong>, 4 times in the last 24 hours"), "{page:?}");
    assert!(row(&page, "week").contains("unused since") && row(&page, "week").contains("let it die"), "{page:?}");
    // Who got a key just now has not forgotten it.
    assert!(row(&page, "day").contains("not used yet"), "{page:?}");
    assert!(row(&page, "fortnight").contains("never used: let it die"), "{page:?}");
    assert!(
        row(&page, "turning").contains("End the overlap") && !row(&page, "turning").contains(">Rotate<"),
        "{page:?}"
    );
    assert!(row(&page, "day").contains("/rotate") && row(&page, "day").contains("/edit"), "{page:?}");
    assert!(!row(&page, "past").contains("/rotate"), "what has ended has nothing to rotate");
    // Who manages none of them has nothing that ends.
    let mia = other(&house, "Mia", "member", None).await;
    assert!(text(&mia.get(EXPIRING).await.expect(200)).contains("Nothing expires in the next 30 days"));
}
