//! The mutants of `tests/mutants`: each breaks one place of the source, which must be there.

use std::{fs, path::Path};

#[test]
fn every_mutant_breaks_one_place_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all: Vec<_> =
        fs::read_dir(root.join("tests/mutants/list")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(all.len() > 30, "{all:?}");
    for mutant in all {
        let text = fs::read_to_string(&mutant).unwrap();
        assert!(text.starts_with("test: lib ") || text.starts_with("test: it "), "{mutant:?}");
        for block in text.split("file: ").skip(1) {
            let (file, rest) = block.split_once("\n<<<<\n").unwrap();
            let (old, rest) = rest.split_once("\n====\n").unwrap();
            let new = rest.split_once("\n>>>>").unwrap().0;
            let source = fs::read_to_string(root.join(file)).unwrap();
            assert_eq!(source.matches(old).count(), 1, "{mutant:?}: {old}");
            assert_ne!(old, new, "{mutant:?}");
        }
    }
}
