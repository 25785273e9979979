//! What is refused, and in which words.

use super::*;

/// P-19.
#[test]
fn an_unknown_variable_is_refused_with_the_one_that_was_meant() {
    let nearest = [
        ("MESHKEY_LISTN", "MESHKEY_LISTEN"),
        ("MESHKEY_DATABASE_URL_FIEL", "MESHKEY_DATABASE_URL_FILE"),
        ("MESHKEY_POOLSIZE", "MESHKEY_POOL_SIZE"),
        ("MESHKEY_Config", "MESHKEY_CONFIG"),
        ("MESHKEY_OUPTUT", "MESHKEY_OUTPUT"),
    ];
    for (given, meant) in nearest {
        assert_eq!(
            refusal(&[(given, PASSWORD)]),
            format!("unknown environment variable {given}: did you mean {meant}?")
        );
    }
    assert!(
        refusal(&[("MESHKEY_BANANA", "")]).ends_with("MESHKEY_BANANA: see docs/reference/settings.md for the list")
    );
}

/// P-19.
#[test]
fn an_unknown_key_of_the_file_is_refused_with_the_one_that_was_meant() {
    let dir = TempDir::new().unwrap();
    for (text, said) in [
        ("data-dri = '/x'", "unknown key data-dri in PATH: did you mean data_dir?"),
        ("[opnid.corp]\nissuer = 'x'", "unknown key opnid in PATH: did you mean openid?"),
        ("[server]\nlisten = 'x'", "unknown key server in PATH: see docs/reference/settings.md for the list"),
    ] {
        let path = file(&dir, "meshkey.toml", text);
        assert_eq!(refusal(&[("MESHKEY_CONFIG", &path)]), said.replace("PATH", &path));
    }
}

#[test]
fn variables_of_the_client_and_of_kubernetes_are_not_ours() {
    let foreign = [
        ("MESHKEY_URL", "https://keys.example"),
        ("MESHKEY_TOKEN", PASSWORD),
        ("MESHKEY_TOKEN_FILE", "/nowhere"),
        ("MESHKEY_ORG", "acme"),
        ("MESHKEY_MESH", "main"),
        ("MESHKEY_OUTPUT", "json"),
        ("MESHKEY_PROFILE", "work"),
        ("MESHKEY_PORT", "tcp://10.0.0.1:7700"),
        ("MESHKEY_PORT_7700_TCP_ADDR", "10.0.0.1"),
        ("MESHKEY_SERVICE_HOST", "10.0.0.1"),
        ("MESHKEY_SERVICE_PORT_HTTP", "7700"),
        ("MESHKEY_POSTGRESQL_SERVICE_HOST", "10.0.0.2"),
        ("MESHKEY_POSTGRESQL_SERVICE_PORT_TCP_POSTGRESQL", "5432"),
        ("MESHKEY_POSTGRESQL_PORT", "tcp://10.0.0.2:5432"),
        ("MESHKEY_POSTGRESQL_PORT_5432_TCP_PROTO", "tcp"),
        ("PGPASSWORD", PASSWORD),
    ];
    let settings = load(&foreign).unwrap();
    assert!(table::ALL.iter().all(|setting| *settings.origin(setting) == Origin::Default));
    assert!(load(&[("MESHKEY_POSTGRESQL_PORT", "5432")]).is_err());
}

#[test]
fn a_secret_and_its_file_together_are_refused() {
    let variables = [("DATABASE_URL", "postgres://x"), ("DATABASE_URL_FILE", "/nowhere")];
    assert_eq!(refusal(&variables), "DATABASE_URL and DATABASE_URL_FILE are both set: unset one of them");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    for (name, text) in [("DATABASE_URL_FILE", "/no/such/file"), ("MESHKEY_CONFIG", "/no/such/file")] {
        let said = refusal(&[(name, text)]);
        assert!(said.starts_with(&format!("{name} names /no/such/file, which cannot be read: No such file")), "{said}");
    }
}

#[test]
fn the_two_names_of_the_database_agree_or_are_refused() {
    let (one, other) = (url(PASSWORD), url("another"));
    let said = refusal(&[("DATABASE_URL", &one), ("MESHKEY_DATABASE_URL", &other)]);
    assert_eq!(said, "MESHKEY_DATABASE_URL and DATABASE_URL are both set and differ: unset one of them");
    let settings = load(&[("DATABASE_URL", &one), ("MESHKEY_DATABASE_URL", &one)]).unwrap();
    assert_eq!(database_of(&settings), one);
}

#[test]
fn a_bad_value_is_told_with_its_origin_and_what_would_do() {
    for (name, value, said) in [
        ("LISTEN", ":7700", "listen cannot be `:7700` (set by MESHKEY_LISTEN): give an address and a port, such as "),
        ("POOL_SIZE", "0", "pool_size cannot be `0` (set by MESHKEY_POOL_SIZE): give a whole number from 1 to 1000"),
        ("WORKERS", "-1", "workers cannot be `-1` (set by MESHKEY_WORKERS): give a whole number from 1 to 1024"),
        ("LOG_FORMAT", "xml", "log_format cannot be `xml` (set by MESHKEY_LOG_FORMAT): give json or text"),
        ("LOG", "inof", "log cannot be `inof` (set by MESHKEY_LOG): give a filter such as "),
        ("ALLOW_FSYNC_OFF", "1", "allow_fsync_off cannot be `1` (set by MESHKEY_ALLOW_FSYNC_OFF): give true or false"),
        ("BOUND", "100ms", "bound cannot be `100ms` (set by MESHKEY_BOUND): give a number and ms, s or m, such as "),
        (
            "SESSION_IDLE",
            "1m",
            "session_idle cannot be `1m` (set by MESHKEY_SESSION_IDLE): give a number and m, h or d, such as ",
        ),
        (
            "SESSION_LIFE",
            "3000d",
            "session_life cannot be `3000d` (set by MESHKEY_SESSION_LIFE): give a number and m, h ",
        ),
        ("OUTAGE_GRACE", "1h", "outage_grace cannot be `1h` (set by MESHKEY_OUTAGE_GRACE): give a number and ms, s "),
        ("REPLICA_NAME", " x", "replica_name cannot be ` x` (set by MESHKEY_REPLICA_NAME): give 1 to 64 characters"),
        ("MAX_LIVE_KEYS", "many", "max_live_keys cannot be `many` (set by MESHKEY_MAX_LIVE_KEYS): give a whole number"),
    ] {
        let refused = refusal(&[(&format!("MESHKEY_{name}"), value)]);
        assert!(refused.starts_with(said), "{refused}");
    }
}

#[test]
fn a_bad_value_of_the_file_is_told_with_its_line() {
    let dir = TempDir::new().unwrap();
    let path = file(&dir, "meshkey.toml", "# ours\n\nlisten = '[::1]:1'\n'pool_size' = 0\n");
    let said = refusal(&[("MESHKEY_CONFIG", &path)]);
    assert_eq!(said, format!("pool_size cannot be `0` (set by {path}:4): give a whole number from 1 to 1000"));
}

#[test]
fn a_key_prefix_is_four_to_twelve_letters_and_digits() {
    for good in ["mshk", "acme", "a123", "abcdefghijkl"] {
        assert_eq!(load(&[("MESHKEY_KEY_PREFIX", good)]).unwrap().key_prefix, good);
    }
    for bad in ["abc", "abcdefghijklm", "1abc", "Mshk", "ms_k", "mshk ", "mshké"] {
        assert!(load(&[("MESHKEY_KEY_PREFIX", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn a_collector_has_an_address_without_a_password_or_a_query() {
    for (good, meant) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318"),
        ("https://otel.example.org/", "https://otel.example.org"),
        ("https://otel.example.org/tenant/otlp/", "https://otel.example.org/tenant/otlp"),
    ] {
        assert_eq!(load(&[("MESHKEY_OTLP_ENDPOINT", good)]).unwrap().otlp_endpoint.as_deref(), Some(meant));
    }
    for bad in
        ["127.0.0.1:4318", "grpc://127.0.0.1:4317", "http://ci:x@otel.example.org", "http://otel.example.org?key=x"]
    {
        assert!(load(&[("MESHKEY_OTLP_ENDPOINT", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn a_ratio_is_from_none_to_all() {
    for (good, meant) in [("0", 0.0), ("0.01", 0.01), ("1", 1.0)] {
        assert_eq!(load(&[("MESHKEY_OTLP_RATIO", good)]).unwrap().otlp_ratio.to_bits(), f64::to_bits(meant));
    }
    for bad in ["-0.1", "1.01", "NaN", "inf", "50%", "all"] {
        assert!(load(&[("MESHKEY_OTLP_RATIO", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn a_public_url_is_a_scheme_a_host_and_a_port() {
    for (good, meant) in [
        ("https://keys.example.org", "https://keys.example.org"),
        ("https://KEYS.example.org:443/", "https://keys.example.org"),
        ("http://127.0.0.1:7700", "http://127.0.0.1:7700"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ] {
        assert_eq!(load(&[("MESHKEY_PUBLIC_URL", good)]).unwrap().public_url.as_deref(), Some(meant));
    }
    for bad in [
        "keys.example.org",
        "//keys.example.org",
        "ftp://keys.example.org",
        "https://",
        "https://keys.example.org/keys",
        "https://keys.example.org?x",
        "https://keys.example.org/#x",
        "https://ci@keys.example.org",
        "https://ci:x@keys.example.org",
    ] {
        let said = refusal(&[("MESHKEY_PUBLIC_URL", bad)]);
        assert!(said.ends_with("give a scheme, a host and perhaps a port, such as https://keys.example.org"), "{said}");
    }
}

#[test]
fn a_secret_is_in_no_error() {
    let dir = TempDir::new().unwrap();
    let broken = file(&dir, "broken.toml", &format!("workers = 1\ndatabase_url = \"{PASSWORD}\n"));
    let list = file(&dir, "list.toml", &format!("database_url = ['{PASSWORD}']"));
    let lines = file(&dir, "lines", &format!("{PASSWORD}\n{PASSWORD}\n"));
    let refused = [
        refusal(&[("MESHKEY_CONFIG", &broken)]),
        refusal(&[("MESHKEY_CONFIG", &list)]),
        refusal(&[("DATABASE_URL_FILE", &lines)]),
        refusal(&[("DATABASE_URL", &format!("{PASSWORD}\n{PASSWORD}"))]),
        refusal(&[("DATABASE_URL", PASSWORD), ("MESHKEY_DATABASE_URL", "other")]),
        refusal(&[("MESHKEY_MIGRATE_DATABASE_URL", PASSWORD)]),
        refusal(&[("MESHKEY_DATABASE_UR", PASSWORD)]),
    ];
    for said in &refused {
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert!(refused[0].contains("is not TOML, line 2:"), "{}", refused[0]);
}

#[test]
fn what_is_set_in_vain_is_told() {
    let flags = DatabaseFlags { data_dir: Some("/somewhere".to_owned()), ..DatabaseFlags::default() };
    let settings = load_with(&(&flags).into(), &[("DATABASE_URL", &url(PASSWORD))]).unwrap();
    let told = ["data_dir, set by --data-dir, has no effect: DATABASE_URL names another database"];
    assert_eq!(settings.warnings(), told);
    assert!(load_with(&(&flags).into(), &[]).unwrap().warnings().is_empty());
}

#[test]
fn an_address_that_browsers_keep_no_session_over_is_told() {
    let told = "public_url, set by MESHKEY_PUBLIC_URL, is plain HTTP: browsers keep no session over it, and nobody can stay \
                signed in. Give the address by https:// at which a proxy ends TLS";
    for url in ["http://keys.example.org", "http://192.0.2.1:7700"] {
        assert_eq!(load(&[("MESHKEY_PUBLIC_URL", url)]).unwrap().warnings(), [told], "{url}");
    }
    for url in ["https://keys.example.org", "http://localhost:7700", "http://127.0.0.1:7700", "http://[::1]:7700"] {
        assert!(load(&[("MESHKEY_PUBLIC_URL", url)]).unwrap().warnings().is_empty(), "{url}");
    }
}

#[test]
fn a_login_for_migrations_needs_a_database() {
    let said = refusal(&[("MESHKEY_MIGRATE_DATABASE_URL", "postgres://x")]);
    let expected = "migrate_database_url is set by MESHKEY_MIGRATE_DATABASE_URL, but database_url is not: \
                    set database_url too, or unset migrate_database_url";
    assert_eq!(said, expected);
}
