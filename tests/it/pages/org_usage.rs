//! What the keys of an org were used for.

use serde_json::json;

use super::somebody;
use crate::{house::House, sign_in::visitor::text};

#[tokio::test]
async fn the_usage_of_an_org_is_that_of_the_api() {
    let house = House::new().await;
    let admin = house.admin();
    let dana = somebody(&house, "Dana", "owner").await;
    let wish = json!({ "label": "<b>ci</b>", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
    let (_, holder) = admin.issue(wish).await;
    for (topic, status) in [("deploys", 201), ("deploys", 201), ("secrets", 403)] {
        holder.post(&format!("/v1/meshes/main/topics/{topic}/messages"), json!({ "body": 1 })).await.expect(status);
    }
    house.flush_uses().await;
    let whole = dana.get("/orgs/acme/usage?range=7d").await.expect(200);
    let mesh = dana.get("/orgs/acme/usage?mesh=main").await.expect(200);
    for (page, rest) in [(&whole, ""), (&mesh, "&mesh=main")] {
        // To look at these counts is a use of the admin's own key, which is written down later.
        let told = admin.get(&admin.at(&format!("/usage?by=topic{rest}"))).await.expect(200).body;
        for (part, count) in [("allowed", &told["total"]["allowed"]), ("denied", &told["total"]["denied"])] {
            assert!(text(page).contains(&format!("</span> {count} {part}</span>")), "{part}: {page:?}");
        }
        for item in told["items"].as_array().unwrap() {
            let name = item["topic"].as_str().map_or("no topic".to_owned(), |topic| format!("#{topic}"));
            let row = format!(
                "<th scope=\"row\">{name}</th><td class=\"number\">{}</td><td class=\"number\">{}</td>",
                item["allowed"], item["denied"]
            );
            assert!(text(page).contains(&row), "{row}: {page:?}");
        }
    }
    assert!(text(&mesh).contains("</span> 2 allowed</span>") && text(&mesh).contains("value=\"main\" selected"));
    assert!(text(&whole).contains("&lt;b&gt;ci&lt;/b&gt;</a>"), "{whole:?}");
    dana.get("/orgs/acme/usage?mesh=nowhere").await.expect(422);
    let slip = dana.get("/orgs/acme/usage?mehs=main").await.expect(422);
    assert!(text(&slip).contains("did you mean"), "{slip:?}");
    let vic = somebody(&house, "Vic", "viewer").await;
    let refused = vic.get("/orgs/acme/usage").await.expect(403);
    assert!(text(&refused).contains("Ask <strong>Dana</strong>"), "{refused:?}");
    dana.get("/orgs/rival/usage").await.expect(404);
}
