//! The pages as such: which there are, that they are confined, and that an error is a page too.

use meshkey::dashboard::{
    assets::{SCRIPT, STYLE},
    routes::TABLE,
};

use crate::house::House;

#[test]
fn the_pages_are_these() {
    let expected = [("get", "/assets/{name}")];
    assert_eq!(TABLE, expected);
}

#[tokio::test]
async fn what_pages_refer_to_may_be_kept_for_ever_and_nothing_else_is_there() {
    let house = House::new().await;
    for (asset, kind) in [(&STYLE, "text/css; charset=utf-8"), (&SCRIPT, "text/javascript; charset=utf-8")] {
        let answer = house.stranger().get(&asset.path).await.expect(200);
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    }
    let nothing = house.stranger().get("/assets/meshkey.css").await.expect(404);
    assert!(nothing.body.as_str().unwrap().contains("<h1>Not found</h1>"), "{nothing:?}");
    let wrong = house.stranger().act(&STYLE.path).await.expect(405);
    assert!(wrong.body.as_str().unwrap().contains("<h1>Method not allowed</h1>"), "{wrong:?}");
}
