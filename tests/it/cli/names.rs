//! Which key is meant: ids, their beginnings, labels.

use serde_json::json;

use super::shell::Shell;
use crate::{client::Client, house::House};

// L-5, L-6
#[tokio::test]
async fn a_key_is_named_by_its_id_a_part_of_it_or_its_label() {
    let house = House::new().await;
    let admin = house.admin();
    let shell = Shell::of(&admin);
    let one = shell.run("key issue twin -m main -c send -t deploys --json").expect(0).json();
    let id = one["id"].as_str().unwrap();
    let shown = |name: &str| shell.run(&format!("key show '{name}' -o value"));
    // 20 digits tell two keys apart that were made one after the other; 8 do not.
    for name in [id, &id[..24], &id[4..24], "twin"] {
        assert_eq!(shown(name).expect(0).line(), id, "{name}");
    }
    let other = shell.run("key issue twin -m main -c read -t deploys --json").expect(0).json();
    let other_id = other["id"].as_str().unwrap();
    let said = shown("twin").expect(2);
    assert!(said.err.contains("'twin' is 2 keys") && said.err.contains(id) && said.err.contains(other_id), "{said:?}");
    let shared = beginning_of_several(&admin).await;
    let said = shown(&shared).expect(2);
    assert!(said.err.contains(" keys: give the id of one") && said.err.contains(&format!("  {shared}")), "{said:?}");
    assert!(shown(&id[..11]).expect(2).err.contains("at least 8 characters"));

    // A dead key does not stand in the way of the live one of its name, and is still found by its own.
    shell.run(&format!("key revoke {other_id} --yes")).expect(0);
    assert_eq!(shown("twin").expect(0).line(), id);
    assert_eq!(shown(other_id).expect(0).line(), other_id);
    shell.run("key revoke twin --yes").expect(0);
    assert!(shown("twin").expect(2).err.contains("'twin' is 2 keys"));

    // A label that looks like an id is a label.
    shell.run("key issue 00000000 -m main -c send -t deploys").expect(0);
    assert_eq!(shell.run("key show 00000000 --field label").expect(0).line(), "00000000");
}

/// Eight digits tell the second: keys that were made within one share them.
async fn beginning_of_several(admin: &Client) -> String {
    let wish = json!({ "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] });
    let (mut last, mut tries) = (String::new(), 0);
    loop {
        let (key, _) = admin.issue(wish.clone()).await;
        let beginning = key["id"].as_str().unwrap()[..12].to_owned();
        if beginning == last {
            return last;
        }
        (last, tries) = (beginning, tries + 1);
        assert!(tries < 50, "no two keys within a second");
    }
}

#[tokio::test]
async fn a_slip_is_answered_with_the_name_that_was_meant() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    shell.run("key issue deployer -m main -c send -t deploys").expect(0);
    for (line, meant) in [
        ("key show deploier", "'deployer'"),
        ("key isue", "'issue'"),
        ("key issue x -m main -c snd -t deploys", "'send'"),
        ("key edit deployer --drop-cap sned", "'send'"),
        ("key show deployer --field labl", "'label'"),
        ("key list --status activ", "'active'"),
        ("api GTE /v1/whoami", "'GET'"),
        ("policy show --mesh mian", "there is no mesh 'mian' that you may see: did you mean 'main'?"),
        ("key issue x -m mian -c send -t deploys", "did you mean 'main'?"),
        ("key list -m mian", "did you mean 'main'?"),
        ("topic list -m mian", "did you mean 'main'?"),
    ] {
        let said = shell.run(line);
        assert!(said.err.contains(meant), "{line}: {said:?}");
    }
    // What has nothing to do with the mesh, and what is for machines, says nothing of meshes.
    for line in ["topic show nope -m main", "topic list -m elsewhere", "topic list -m mian --json"] {
        let said = shell.run(line);
        assert!(said.code != Some(0) && !said.err.contains("did you mean"), "{line}: {said:?}");
    }
}

#[tokio::test]
async fn who_may_manage_no_keys_still_has_its_own() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let issued = shell.run("key issue bot -m main -c send -t deploys --json").expect(0).json();
    shell.write("token", issued["secret"].as_str().unwrap());
    let id = issued["id"].as_str().unwrap();
    for name in [id, &id[..24], "bot"] {
        assert_eq!(shell.run(&format!("key show {name} -o value")).expect(0).line(), id);
    }
    assert_eq!(shell.run("key can bot send deploys").expect(0).out, format!("yes  bot  {id}\n"));
    assert_eq!(shell.run("key show 'first admin key'").expect(5).out, "");
    let rotated = shell.run("key rotate bot --overlap 0s").expect(0);
    shell.write("token", rotated.line());
    shell.run("key revoke bot --yes").expect(0);
    shell.run("whoami").expect(3);
}
