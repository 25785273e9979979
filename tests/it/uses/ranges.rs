//! From when on, until when, and by what.

use serde_json::json;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{count, counts, key, total, usage};
use crate::house::House;

fn written(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap()
}

fn read(text: &serde_json::Value) -> OffsetDateTime {
    OffsetDateTime::parse(text.as_str().unwrap(), &Rfc3339).unwrap()
}

#[tokio::test]
async fn a_range_is_in_whole_hours_and_says_how_far_it_is_complete() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let (id, holder) = key(&admin, json!({ "capabilities": ["read"], "topics": "all" })).await;
    holder.get("/v1/whoami").await.expect(200);
    let told = usage(&house, &admin, &id, "").await;
    let [since, until, as_of, complete] = ["since", "until", "as_of", "complete_to"].map(|name| read(&told[name]));
    assert!(since <= as_of - Duration::DAY && since > as_of - Duration::hours(26), "{told}");
    assert!(until >= as_of && until - as_of <= Duration::HOUR && until.minute() == 0, "{told}");
    assert!(complete < as_of && complete >= as_of - Duration::MINUTE, "{told}");
    assert_eq!((told["by"].as_str(), total(&told)), (Some("hour"), (1, 0)));
    db.batch_execute("UPDATE key_uses SET hour = hour - interval '50 hours'").await.unwrap();
    assert_eq!(total(&usage(&house, &admin, &id, "").await), (0, 0));
    let hour = read(
        &usage(&house, &admin, &id, &format!("since={}", written(as_of - Duration::days(34)))).await["items"][0]["hour"],
    );
    for (since, until, found) in [(0, 0, 1), (30, 59, 1), (59, 61, 1), (60, 90, 0), (-61, -1, 0), (-1, 1, 1)] {
        let [since, until] = [since, until].map(|minutes| written(hour + Duration::minutes(minutes)));
        let query = format!("since={since}&until={until}");
        let expected = if since == until { 0 } else { found };
        assert_eq!(total(&usage(&house, &admin, &id, &query).await).0, expected, "{query}");
    }
    let days = usage(&house, &admin, &id, &format!("by=day&since={}", written(hour))).await;
    assert_eq!(counts(&days), [count(&written(hour)[..10], 1, 0)]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_where_it_stands() {
    let house = House::new().await;
    let admin = house.admin();
    let (id, _) = key(&admin, json!({ "capabilities": ["read"], "topics": "all" })).await;
    let now = OffsetDateTime::now_utc();
    let long_ago = written(now - Duration::days(36));
    let [own, all] = [format!("/keys/{id}/usage"), "/usage".to_owned()];
    for (path, query, parameter) in [
        (&own, "by=colour".to_owned(), "by"),
        (&own, "by=key".to_owned(), "by"),
        (&all, "by=address".to_owned(), "by"),
        (&own, "since=yesterday".to_owned(), "since"),
        (&all, format!("since={long_ago}"), "since"),
        (&own, format!("since={}&until={}", written(now), written(now - Duration::HOUR)), "until"),
        (&all, "mesh=nowhere".to_owned(), "mesh"),
        (&own, "mesh=main".to_owned(), "mesh"),
        (&own, "limit=201".to_owned(), "limit"),
    ] {
        let problem = admin.get(&admin.at(&format!("{path}?{query}"))).await.problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{query}: {problem}");
    }
    let oldest = written(now - Duration::days(35));
    admin
        .get(&admin.at(&format!("/usage?since={oldest}&until={}", written(now + Duration::days(400)))))
        .await
        .expect(200);
    let far = "since=0001-01-01T00:00:00Z&until=0001-01-01T00:00:00Z";
    admin.get(&admin.at(&format!("/usage?{far}"))).await.problem(422, "invalid_input");
    admin.get(&admin.at("/usage?until=0001-01-01T00:00:00Z")).await.problem(422, "invalid_input");
    admin.get(&admin.at("/usage?until=9999-12-31T23:59:59Z&since=9999-12-31T23:59:59Z")).await.expect(200);
}
