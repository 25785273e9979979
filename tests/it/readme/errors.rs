//! The page of each error code tells the truth: its example is what the service answers.

mod provoked;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{compare::masked, page::blocks};
use crate::{client::Answer, house::House, promise::PROMISE};

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/errors")
}

/// The example on the page of a code, with what is new each time masked.
fn example(code: &str) -> Value {
    let page = fs::read_to_string(pages().join(format!("{code}.md"))).unwrap();
    let shown = blocks(&page).into_iter().find(|block| block.language == "json");
    let shown = shown.unwrap_or_else(|| panic!("the page of {code} has no example"));
    plain(&serde_json::from_str(&shown.text).unwrap_or_else(|fault| panic!("the example of {code}: {fault}")))
}

fn plain(body: &Value) -> Value {
    serde_json::from_str(&masked(&body.to_string())).unwrap()
}

#[track_caller]
fn ensure_as_said(answers: &[Answer]) {
    for answer in answers {
        let code = answer.body["code"].as_str().unwrap_or_else(|| panic!("no problem: {answer:?}"));
        assert_eq!(example(code), plain(&answer.body), "the example of {code} is not what is answered: {answer:?}");
    }
}

#[tokio::test]
async fn the_example_of_each_error_is_what_the_service_answers() {
    let mut answers = Vec::new();
    {
        let house = House::new().await;
        answers.extend(provoked::by_the_request(&house).await);
        answers.extend(provoked::by_the_body(&house).await);
        answers.extend(provoked::by_the_key(&house).await);
        answers.extend(provoked::by_the_gateway(&house).await);
        answers.extend(provoked::by_too_many_keys(&house).await);
        answers.extend(provoked::by_people(&house).await);
        answers.extend(provoked::by_a_login(&house).await);
    }
    {
        let house = House::new().await;
        answers.extend(provoked::by_the_life_of_a_key(&house).await);
        answers.extend(provoked::by_the_tenant(&house).await);
        answers.extend(provoked::by_the_store(&house).await);
    }
    {
        let house = House::with(&[("MESHKEY_BOUND", "500ms"), ("MESHKEY_STREAMS", "0")]).await;
        answers.push(house.admin().get("/v1/meshes/main/topics/deploys/stream").await);
        answers.extend(provoked::by_the_wait(&house).await);
    }
    ensure_as_said(&answers);
    let mut seen: BTreeSet<_> = answers.iter().map(|answer| answer.body["code"].as_str().unwrap().to_owned()).collect();
    seen.insert("request_timeout".to_owned()); // below
    assert_eq!(seen, PROMISE.codes().into_iter().collect(), "not every code was provoked");
}

/// Takes as long as a body may take.
#[tokio::test]
async fn the_example_of_a_body_that_does_not_come_is_what_the_service_answers() {
    let house = House::new().await;
    let body = provoked::by_a_body_that_does_not_come(&house).await;
    assert_eq!(example("request_timeout"), plain(&body));
}

#[test]
fn the_list_of_errors_has_every_page_with_its_status_and_title() {
    let titles: BTreeMap<_, _> = meshkey::http::catalogue::ALL.iter().map(|kind| (kind.code, kind)).collect();
    let list = fs::read_to_string(pages().with_extension("md")).unwrap();
    let rows: Vec<_> = list.lines().filter(|line| line.starts_with("| [")).collect();
    let expected: Vec<_> = meshkey::http::catalogue::ALL
        .iter()
        .map(|kind| format!("| [`{code}`](errors/{code}.md) | {} | {} |", kind.status, kind.title, code = kind.code))
        .collect();
    assert_eq!(rows, expected, "docs/reference/errors.md should hold:\n{}", expected.join("\n"));
    let files = fs::read_dir(pages()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        files.collect::<BTreeSet<_>>(),
        titles.keys().map(|code| format!("{code}.md")).collect(),
        "a page without a code"
    );
}
