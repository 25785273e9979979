//! The image: what is copied is there, what is compiled in is copied, and what runs has no rights.

use std::collections::BTreeMap;

use super::{MESHKEY, clean, read, root};

/// A file of instructions: each with its words.
pub(super) struct Dockerfile(Vec<(String, String)>);

impl Dockerfile {
    pub(super) fn read() -> Self {
        let text = read("Dockerfile").replace("\\\n", " ");
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(
            lines
                .map(|line| line.split_once(' ').unwrap())
                .map(|(name, rest)| (name.into(), rest.trim().into()))
                .collect(),
        )
    }

    /// What the instructions of this name say.
    fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, rest)| rest.as_str()).collect()
    }

    /// What the one instruction of this name in the last stage says.
    pub(super) fn last(&self, name: &str) -> &str {
        let stage = self.0.iter().rposition(|(name, _)| name == "FROM").unwrap();
        let mut found = self.0[stage..].iter().filter(|(known, _)| known == name);
        let (first, more) = (found.next(), found.next());
        assert!(more.is_none(), "{name} is there twice");
        &first.unwrap_or_else(|| panic!("no {name}")).1
    }

    /// What is copied from the context.
    fn copied(&self) -> Vec<&str> {
        let of_context = self.all("COPY").into_iter().filter(|rest| !rest.contains("--from="));
        of_context.flat_map(|rest| rest.split_whitespace().rev().skip(1)).collect()
    }
}

/// The JSON form of a command.
fn words(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

#[test]
fn each_base_is_named_with_a_tag() {
    let dockerfile = Dockerfile::read();
    let arguments: BTreeMap<_, _> = dockerfile.all("ARG").iter().filter_map(|rest| rest.split_once('=')).collect();
    let bases = dockerfile.all("FROM");
    assert_eq!(bases, ["${BUILD} AS build", "${BASE}"]);
    for name in ["BUILD", "BASE"] {
        let (_, tag) = arguments[name].rsplit_once(':').unwrap();
        assert!(!tag.is_empty() && tag != "latest", "{name}");
    }
    // Built against a libc, run with the same.
    assert!(arguments["BUILD"].ends_with("bookworm") && arguments["BASE"].contains("debian12"));
    let version = arguments["BUILD"].split([':', '-']).nth(1).unwrap();
    let minor = |version: &str| version.split('.').nth(1).unwrap().parse::<u32>().unwrap();
    assert!(minor(version) >= minor(env!("CARGO_PKG_RUST_VERSION")), "{version} is too old for this crate");
}

#[test]
fn what_is_copied_is_there_and_not_ignored() {
    let ignore = read(".dockerignore");
    let kept: Vec<_> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignore.lines().any(|line| line == "*"), "all is left out but what is named");
    let dockerfile = Dockerfile::read();
    for source in dockerfile.copied() {
        assert!(root().join(source).exists(), "{source} is not there");
        assert!(kept.contains(&source), "{source} is ignored");
    }
    assert!(kept.iter().all(|name| dockerfile.copied().contains(name)), "kept, and not copied");
}

/// A build in the image would fail without it, and nothing else would tell us.
#[test]
fn what_is_compiled_in_is_copied() {
    let dockerfile = Dockerfile::read();
    let copied = dockerfile.copied();
    let mut open = vec![root().join("src")];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let text = text.split("#[cfg(doctest)]").next().unwrap();
        for place in text.split("include_str!(").skip(1).chain(text.split("include_bytes!(").skip(1)) {
            let named = place.split('"').nth(1).unwrap();
            let target = path.parent().unwrap().join(named);
            let target = target.parent().unwrap().canonicalize().unwrap().join(target.file_name().unwrap_or_default());
            let target = target.strip_prefix(root().canonicalize().unwrap()).unwrap().to_owned();
            assert!(copied.iter().any(|source| target.starts_with(source)), "{target:?} is not copied");
            seen += 1;
        }
    }
    assert!(seen >= 2, "the contract and the pages of errors are compiled in");
    assert!(copied.contains(&"migrations") && copied.contains(&"build.rs"));
    // Cargo reads the manifests of all members of the workspace, whatever is built.
    assert!(copied.contains(&"examples"));
}

#[test]
fn it_is_built_for_delivery_from_the_locked_versions() {
    let dockerfile = Dockerfile::read();
    let [build] = dockerfile.all("RUN")[..] else { panic!("one step builds it") };
    assert!(build.contains("cargo build --profile dist --locked --bin meshkey"), "{build}");
    assert!(build.contains("cp target/dist/meshkey /meshkey"), "{build}");
    assert!(read("Cargo.toml").contains("\n[profile.dist]\n"));
    let version = format!("org.opencontainers.image.version=\"{}\"", env!("CARGO_PKG_VERSION"));
    let labels = dockerfile.last("LABEL");
    for label in [&version, "image.title=", "image.licenses=\"MIT OR Apache-2.0\"", "image.revision=\"${REVISION}\""] {
        assert!(labels.contains(label), "{label}");
    }
}

#[test]
fn it_runs_without_rights_and_says_how_it_is() {
    let dockerfile = Dockerfile::read();
    let (user, group) = dockerfile.last("USER").split_once(':').unwrap();
    assert!(user.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0);
    let binary = dockerfile.all("COPY").into_iter().find(|rest| rest.contains("--from=build")).unwrap();
    let binary = binary.split_whitespace().last().unwrap();
    assert_eq!(words(dockerfile.last("ENTRYPOINT")), [binary]);
    assert_eq!(words(dockerfile.last("CMD")), ["serve"]);
    let port = dockerfile.last("ENV").strip_prefix("MESHKEY_LISTEN=0.0.0.0:").unwrap();
    assert_eq!(dockerfile.last("EXPOSE"), port);
    let (_, check) = dockerfile.last("HEALTHCHECK").split_once("CMD ").unwrap();
    let check = words(check);
    assert_eq!(check[0], binary);
    for verb in ["serve", &check[1]] {
        let help = clean(MESHKEY).args([verb, "--help"]).output().unwrap();
        assert!(help.status.success(), "meshkey has no verb {verb}: {help:?}");
    }
}
