//! The files of the terminal: for its person alone, whole, and through nobody else's hands.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
};

use super::{terminal::Bare, visitor};
use crate::{house::House, persons::Person};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

async fn signed_in(house: &House) -> Bare {
    let dana = Person::in_org(house, "Dana", "member").await;
    let mut browser = visitor(house, &dana).await;
    let bare = Bare::new(house);
    bare.sign_in(house, &mut browser, "login").await.expect(0);
    bare
}

#[tokio::test]
async fn keys_are_in_a_file_that_only_their_person_can_read() {
    let house = House::new().await;
    let bare = signed_in(&house).await;
    let (keys, config) = (bare.kept("credentials.toml"), bare.kept("config.toml"));
    assert_eq!((mode(&keys), mode(keys.parent().unwrap())), (0o600, 0o700));
    assert!(!fs::read_to_string(&config).unwrap().contains("mshk_"));
    assert!(fs::read_to_string(&config).unwrap().contains(house.stranger().base()));
    let left = fs::read_dir(keys.parent().unwrap()).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut left: Vec<_> = left.collect();
    left.sort();
    assert_eq!(left, ["config.toml", "credentials.toml", "lock"]);

    set_mode(&keys, 0o640);
    let warned = bare.run("whoami").expect(0);
    assert!(warned.err.contains("warning: others may read") && !warned.err.contains("mshk_"), "{warned:?}");
    // What is written anew is as it should be.
    bare.run("profile set mesh main").expect(0);
    for wide in [0o620, 0o602] {
        set_mode(&keys, wide);
        let refused = bare.run("whoami").expect(7);
        assert!(refused.err.contains("others may write it"), "{refused:?}");
    }
    set_mode(&keys, 0o600);
    set_mode(keys.parent().unwrap(), 0o770);
    let refused = bare.run("whoami").expect(7);
    assert!(refused.err.contains("others may write into it"), "{refused:?}");
    set_mode(keys.parent().unwrap(), 0o700);
    bare.run("whoami").expect(0);
    fs::write(&keys, "[profiles.default]\ntoken = \"mshk_oops").unwrap();
    let broken = bare.run("whoami").expect(7);
    assert!(broken.err.contains("cannot be understood") && !broken.err.contains("oops"), "{broken:?}");
    // Who names a key needs none of it.
    bare.0.run("whoami").expect(0);
}

#[tokio::test]
async fn a_link_is_followed_only_if_it_is_ones_own_and_never_written_through() {
    let house = House::new().await;
    let bare = signed_in(&house).await;
    let keys = bare.kept("credentials.toml");
    let elsewhere = bare.0.path("elsewhere.toml");
    fs::rename(&keys, &elsewhere).unwrap();
    symlink(&elsewhere, &keys).unwrap();
    bare.run("whoami").expect(0);
    // Only root can make a link of somebody else's.
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::lchown(&keys, Some(12345), None).unwrap();
        let refused = bare.run("whoami").expect(7);
        assert!(refused.err.contains("belongs to somebody else"), "{refused:?}");
        std::os::unix::fs::lchown(&keys, Some(0), None).unwrap();
        std::os::unix::fs::lchown(&elsewhere, Some(12345), None).unwrap();
        bare.run("whoami").expect(7);
        std::os::unix::fs::lchown(&elsewhere, Some(0), None).unwrap();
    }
    let before = fs::read_to_string(&elsewhere).unwrap();
    bare.run("logout").expect(0);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), before);
    assert!(!fs::symlink_metadata(&keys).unwrap().is_symlink());
    assert_eq!(mode(&keys), 0o600);
}

#[tokio::test]
async fn a_key_that_cannot_be_kept_is_not_left_alive() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let bare = Bare::new(&house);
    let login = bare.begin("login");
    // Meanwhile somebody has put a directory there.
    fs::create_dir(bare.kept("credentials.toml")).unwrap();
    super::approve_code(&mut browser, &login.code, &[]).await.expect(200);
    super::rested(&house).await;
    let failed = login.end().await.expect(7);
    assert!(failed.err.contains("was revoked again"), "{failed:?}");
    let alive = "SELECT count(*) FROM api_keys WHERE user_id IS NOT NULL AND revoked_at IS NULL";
    assert_eq!(crate::tools::one(&house.sql("superuser").await, alive).await, "0");
}
