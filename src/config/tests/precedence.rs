//! Which source counts.

use super::*;

#[test]
fn nothing_said_means_the_defaults() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:7700");
    assert_eq!((settings.pool_size, settings.max_live_keys), (16, 100_000));
    assert_eq!((settings.log.as_str(), settings.log_format), ("info", LogFormat::Json));
    assert_eq!(settings.key_prefix, "mshk");
    assert!(settings.workers >= 1 && !settings.allow_fsync_off);
    assert!(settings.database_url.is_none() && settings.data_dir.is_none() && settings.pg_bin.is_none());
    assert!(table::ALL.iter().all(|setting| *settings.origin(setting) == Origin::Default));
}

#[test]
fn a_flag_beats_a_variable_and_a_variable_beats_the_file() {
    let dir = TempDir::new().unwrap();
    let path =
        file(&dir, "meshkey.toml", "listen = '127.0.0.1:1'\nworkers = 1\npool_size = 1\nallow_fsync_off = true\n");
    let flags = ServeFlags { listen: Some("127.0.0.1:3".to_owned()), ..ServeFlags::default() };
    let variables = [("MESHKEY_CONFIG", path.as_str()), ("MESHKEY_LISTEN", "127.0.0.1:2"), ("MESHKEY_WORKERS", "2")];
    let settings = load_with(&flags, &variables).unwrap();
    assert_eq!((settings.listen.port(), settings.workers, settings.pool_size), (3, 2, 1));
    assert!(settings.allow_fsync_off);
    assert_eq!(*settings.origin(&table::LISTEN), Origin::Flag("--listen".to_owned()));
    assert_eq!(*settings.origin(&table::WORKERS), Origin::Environment("MESHKEY_WORKERS".to_owned()));
    assert_eq!(*settings.origin(&table::POOL_SIZE), Origin::File { path: path.into(), line: 3 });
    assert_eq!(*settings.origin(&table::KEY_PREFIX), Origin::Default);
}

#[test]
fn the_flag_for_the_file_beats_its_variable() {
    let dir = TempDir::new().unwrap();
    let path = file(&dir, "meshkey.toml", "workers = 5");
    let database = DatabaseFlags { config: Some(path), ..DatabaseFlags::default() };
    let settings = load_with(&(&database).into(), &[("MESHKEY_CONFIG", "/nowhere")]).unwrap();
    assert_eq!(settings.workers, 5);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let settings = load(&[("MESHKEY_LISTEN", ""), ("DATABASE_URL", ""), ("RUST_LOG", "")]).unwrap();
    assert!(settings.database_url.is_none());
    assert_eq!(*settings.origin(&table::LISTEN), Origin::Default);
}

#[test]
fn a_secret_is_read_from_its_file_without_the_newline() {
    let dir = TempDir::new().unwrap();
    for end in ["", "\n", "\r\n"] {
        let path = file(&dir, "url", &format!("{}{end}", url(PASSWORD)));
        for name in ["MESHKEY_DATABASE_URL_FILE", "DATABASE_URL_FILE"] {
            let settings = load(&[(name, &path)]).unwrap();
            assert_eq!(database_of(&settings), url(PASSWORD));
        }
    }
}

#[test]
fn our_filter_beats_the_one_that_others_read_too() {
    let settings = load(&[("RUST_LOG", "trace"), ("MESHKEY_LOG", "warn")]).unwrap();
    assert_eq!(settings.log, "warn");
    assert_eq!(load(&[("RUST_LOG", "debug")]).unwrap().log, "debug");
}
