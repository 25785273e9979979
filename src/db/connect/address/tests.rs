use super::*;

fn config(address: &str) -> Config {
    parse(address).map_or_else(|error| panic!("{address}: {error}"), |(config, _)| config)
}

fn refusal_of(address: &str) -> String {
    parse(address).map(drop).unwrap_err().to_string()
}

#[test]
fn every_sslmode_of_libpq_is_understood() {
    let table = [
        ("", SslMode::Prefer, true),
        ("?sslmode=disable", SslMode::Disable, false),
        ("?sslmode=allow", SslMode::Prefer, true),
        ("?sslmode=prefer", SslMode::Prefer, true),
        ("?sslmode=require", SslMode::Require, true),
        ("?sslmode=verify-ca", SslMode::Require, true),
        ("?sslmode=verify-full", SslMode::Require, true),
    ];
    for (query, mode, has_tls) in table {
        let (config, tls) = parse(&format!("postgres://u:p@h/d{query}")).unwrap();
        assert_eq!((config.get_ssl_mode(), tls.is_some()), (mode, has_tls), "{query}");
    }
    assert!(refusal_of("postgres://u@h/d?sslmode=verify").contains("sslmode"));
}

#[test]
fn addresses_of_cloud_consoles_are_understood() {
    let neon = "postgresql://u:p@ep-x.eu.aws.neon.tech/d?sslmode=require&channel_binding=require";
    assert_eq!(config(neon).get_channel_binding(), tokio_postgres::config::ChannelBinding::Require);
    let prisma = "postgres://u:p@h:6543/d?connection_limit=1&pgbouncer=false&gssencmode=disable&sslmode=disable";
    assert_eq!(config(prisma).get_ports(), [6543]);
    let plus = config("postgres://u:p@h/d?sslmode=disable&application_name=a+b");
    assert_eq!(plus.get_application_name(), Some("a+b"));
    assert!(refusal_of("postgres://u:p@h/d?pgbouncer=true").contains("direct address"));
    assert!(refusal_of("postgres://u:p@h/d?sslmode=verify-full&sslrootcert=/no/such%20file").contains("/no/such file"));
    assert!(refusal_of("postgres://u:p@h/d?sslcert=/c").contains("go together"));
}

#[test]
fn a_socket_needs_no_tls() {
    for address in [
        "postgres:///d?host=/run/pg&sslmode=require",
        "postgres://u@%2Frun%2Fpg/d?sslmode=verify-full",
        "host=/run/pg dbname=d sslmode=require",
    ] {
        let (config, tls) = parse(address).unwrap();
        assert_eq!(config.get_hosts(), [Host::Unix("/run/pg".into())], "{address}");
        assert!(tls.is_none() && config.get_ssl_mode() == SslMode::Disable, "{address}");
    }
}

#[test]
fn pairs_are_read_like_urls() {
    let config = config(r"host = h  port=1 user=u password='a \'b\\ c' sslmode=disable dbname=d\ e");
    assert_eq!(config.get_password(), Some(br"a 'b\ c".as_slice()));
    assert_eq!(config.get_dbname(), Some("d e"));
    assert_eq!(config.get_ssl_mode(), SslMode::Disable);
    assert!(refusal_of("host=h service=x").contains("service"));
    assert!(refusal_of("host=h password='open").contains("not understood"));
}

#[test]
fn a_question_mark_in_the_password_is_a_part_of_it() {
    let config = config("postgres://u:a?b&c@h/d?sslmode=disable");
    assert_eq!(config.get_password(), Some(b"a?b&c".as_slice()));
}

#[test]
fn no_refusal_tells_a_password() {
    for address in [
        "postgres://u:hunter2@h/d?hunter2=x",
        "postgres://u:hunter2@h:port/d",
        "postgres://u:hunter2@/d",
        "postgres://u:hunter2",
        "postgres://u:x?hunter2=3",
        "host=h password=x hunter2",
        "host=h password=x hunter2=y",
        "hunter2",
        "mysql://u:hunter2@h/d",
    ] {
        let Err(error) = parse(address) else {
            panic!("{address} was understood");
        };
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hunter2"), "{address}: {told}");
    }
}
