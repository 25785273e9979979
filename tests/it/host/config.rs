//! `config`, and `serve --check-config`.

use serde_json::{Value, json};

use super::{Done, file, meshkey, shelter, text};

const PASSWORD: &str = "hunter2-in-the-url";

/// The row of a setting in `config show --json`.
fn shown<'a>(told: &'a Value, name: &str) -> &'a Value {
    told["settings"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()
}

#[test]
fn every_setting_is_shown_with_where_it_came_from_and_no_secret() {
    // U-5
    let dir = shelter();
    let url = file(&dir, "url", &format!("postgres://app:{PASSWORD}@db.example/app\n"));
    let settings =
        format!("# ours\nworkers = 3\nmigrate_database_url = 'postgres://owner:{PASSWORD}@db.example/app'\n");
    let settings = file(&dir, "meshkey.toml", &settings);
    let show = |arguments: &[&str]| {
        let mut command =
            meshkey(&[&["config", "show", "--config", text(&settings), "--listen", "[::1]:1"], arguments].concat());
        Done::of(command.env("MESHKEY_POOL_SIZE", "7").env("MESHKEY_DATABASE_URL_FILE", &url)).expect(0)
    };
    let json = show(&["--json"]);
    let told = json.json();
    assert_eq!(told["file"], text(&settings));
    let row = |name: &str, value: Value, secret: bool, set: bool, origin: Value| json!({ "name": name, "value": value, "secret": secret, "set": set, "origin": origin });
    for expected in [
        row("listen", json!("[::1]:1"), false, true, json!({ "kind": "flag", "name": "--listen" })),
        row("pool_size", json!("7"), false, true, json!({ "kind": "variable", "name": "MESHKEY_POOL_SIZE" })),
        row("workers", json!("3"), false, true, json!({ "kind": "file", "path": text(&settings), "line": 2 })),
        row("key_prefix", json!("mshk"), false, false, json!({ "kind": "default" })),
        row(
            "database_url",
            Value::Null,
            true,
            true,
            json!({ "kind": "variable", "name": "MESHKEY_DATABASE_URL_FILE" }),
        ),
        row(
            "migrate_database_url",
            Value::Null,
            true,
            true,
            json!({ "kind": "file", "path": text(&settings), "line": 3 }),
        ),
    ] {
        assert_eq!(shown(&told, expected["name"].as_str().unwrap()), &expected);
    }
    let table = show(&[]);
    let line = |name: &str| {
        table.out.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(line("database_url"), ["database_url", "set", "MESHKEY_DATABASE_URL_FILE"]);
    assert_eq!(line("workers"), ["workers", "3", &format!("{}:2", text(&settings))]);
    for told in [json, table] {
        assert!(!told.out.contains("hunter2") && !told.err.contains("hunter2"), "{}{}", told.out, told.err);
    }
}

#[test]
fn what_serve_would_refuse_is_refused_in_the_same_words_and_nothing_is_opened() {
    // P-19
    let dir = shelter();
    let unknown = file(&dir, "unknown.toml", "listn = '127.0.0.1:1'");
    let data_dir = dir.path().join("data");
    let refused: [&[(&str, &str)]; 6] = [
        &[("MESHKEY_LISTN", "x")],
        &[("MESHKEY_POOL_SIZE", "0")],
        &[("MESHKEY_CONFIG", text(&unknown))],
        &[("MESHKEY_DATABASE_URL_FILE", "/no/such/file")],
        &[("DATABASE_URL", "nonsense://hunter2")],
        &[("DATABASE_URL", "postgres://db.example/app?sslmode=verify-full&sslrootcert=/no/such/file")],
    ];
    for variables in refused {
        let say = |verb: &[&str]| {
            let mut command = meshkey(verb);
            command.arg("--data-dir").arg(&data_dir).envs(variables.iter().copied());
            Done::of(&mut command).expect(2)
        };
        let told = say(&["config", "validate"]);
        assert!(told.out.is_empty() && told.err.starts_with("error: "), "{}", told.err);
        assert_eq!(say(&["serve"]).err.lines().next_back(), told.err.lines().next_back(), "{variables:?}");
        assert_eq!(say(&["serve", "--check-config"]).err, told.err);
        assert!(!told.err.contains("hunter2"), "{}", told.err);
    }
    for verb in [&["config", "validate"][..], &["serve", "--check-config"]] {
        let mut command = meshkey(verb);
        let told = Done::of(command.arg("--data-dir").arg(&data_dir)).expect(0);
        assert!(told.out.is_empty() && told.err.contains("the settings are good"), "{}", told.err);
        let mut programs = meshkey(verb);
        let told = Done::of(programs.arg("--pg-bin").arg(dir.path())).expect(2);
        assert!(told.err.contains("holds no PostgreSQL server"), "{}", told.err);
    }
    assert!(!data_dir.exists());
    // Nobody listens there, and nobody asks whether somebody does.
    Done::of(meshkey(&["config", "validate"]).env("DATABASE_URL", "postgres://127.0.0.1:1/app")).expect(0);
}

#[test]
fn the_example_is_good_as_it_is_and_names_every_setting() {
    let dir = shelter();
    let example = Done::of(&mut meshkey(&["config", "example"])).expect(0);
    let path = file(&dir, "example.toml", &example.out);
    Done::of(&mut meshkey(&["config", "validate", "--config", text(&path)])).expect(0);
    let told = Done::of(&mut meshkey(&["config", "show", "--json", "--config", text(&path)])).expect(0).json();
    for row in told["settings"].as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        assert!(example.out.contains(&format!("\n#{name} = ")), "{name}");
        assert_eq!(row["origin"]["kind"], "default");
    }
}

#[test]
fn the_path_of_the_file_is_told_and_its_absence_is_no_empty_answer() {
    // T-16
    let dir = shelter();
    let path = file(&dir, "meshkey.toml", "workers = 1");
    let told = Done::of(meshkey(&["config", "path"]).env("MESHKEY_CONFIG", &path)).expect(0);
    assert_eq!(told.out, format!("{}\n", text(&path)));
    let none = Done::of(&mut meshkey(&["config", "path"])).expect(5);
    assert!(none.out.is_empty() && none.err.contains("--config FILE"), "{}", none.err);
}

#[test]
fn the_variables_of_the_client_are_none_of_the_server_s() {
    let mut command = meshkey(&["config", "show", "--json"]);
    for name in ["URL", "TOKEN", "TOKEN_FILE", "ORG", "MESH", "OUTPUT"] {
        command.env(format!("MESHKEY_{name}"), PASSWORD);
    }
    let told = Done::of(&mut command).expect(0);
    assert!(told.json()["settings"].as_array().unwrap().iter().all(|row| row["origin"]["kind"] == "default"));
    assert!(!told.out.contains(PASSWORD), "{}", told.out);
    let meant = Done::of(meshkey(&["config", "validate"]).env("MESHKEY_TOKNE", PASSWORD)).expect(2);
    assert!(meant.err.contains("did you mean MESHKEY_TOKEN?") && !meant.err.contains(PASSWORD), "{}", meant.err);
}
