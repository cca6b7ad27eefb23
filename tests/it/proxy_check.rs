//! The probe of the network as a user runs it: whole commands against a network on loopback, in
//! which one thing after the other is wrong.

use std::{
    io::Write as _,
    net::Shutdown,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

use crate::support::{
    authority::{Authority, Time},
    corporate::{
        CLOUD, closed, hold, intercepting, opening, proxy, refusing, say, say_within, serve,
    },
    program::{Desk, Run},
};

/// The hosts of a small tenant in us-east-1: what Claude Code calls, and what we do.
const NEEDED: usize = 12;

fn desk(proxy: &str) -> Desk {
    Desk::new(&format!("bedrock: {{ region: us-east-1 }}\nproxy: {{ {proxy} }}\n"))
}

fn through(port: u16) -> Desk {
    desk(&format!("https_proxy: \"http://127.0.0.1:{port}\""))
}

/// A company's authority, and the file that has it.
fn company(desk: &Desk) -> (Arc<Authority>, String) {
    let authority = Arc::new(Authority::new("Corp Inspection CA"));
    let file = desk.put("corp.pem", &authority.pem());
    (authority, file)
}

/// What is the same for every needed host, if all of them have the same fault.
struct Fault {
    hosts: Vec<Value>,
    verdict: String,
    message: String,
    hints: String,
    run: Run,
}

/// Runs the check, of which every needed host has the same fault.
fn fault_of(desk: &Desk, arguments: &[&str]) -> Fault {
    let arguments = [&["proxy", "check", "--json"], arguments].concat();
    let run = desk.run(&arguments);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.is_empty(), "{run:?}");
    let summary = run.summary();
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["exit_code"], 1);
    let needed: Vec<&Value> =
        summary["faults"].as_array().unwrap().iter().filter(|it| it["needed"] == true).collect();
    assert_eq!(needed.len(), 1, "{summary:#}");
    let hints: Vec<&str> =
        needed[0]["hints"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert!(!hints.is_empty(), "{summary:#}");
    Fault {
        hosts: run.lines().into_iter().filter(|line| line["event"] == "host").collect(),
        verdict: needed[0]["verdict"].as_str().unwrap().to_owned(),
        message: needed[0]["message"].as_str().unwrap().to_owned(),
        hints: hints.join("\n"),
        run,
    }
}

/// A direct way to a server on loopback.
fn direct(port: u16) -> String {
    format!("localhost:{port}")
}

#[test]
fn a_proxy_that_does_nothing_wrong_passes_every_host() {
    let hosts = Arc::new(Mutex::new(Vec::new()));
    let authority = Arc::new(Authority::new("Corp Inspection CA"));
    let (seen, signer) = (Arc::clone(&hosts), Arc::clone(&authority));
    let port = opening(move |host, stream| {
        seen.lock().unwrap().push(host.to_owned());
        say_within(stream, signer.sign(host).server(), CLOUD);
    });
    let desk = desk(&format!("https_proxy: \"127.0.0.1:{port}\", ca_bundle: corp.pem"));
    desk.put("corp.pem", &authority.pem());
    let run = desk.run(&["proxy", "check", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let summary = run.summary();
    assert_eq!(summary["ok"], NEEDED + 1, "{summary:#}");
    let mut asked = hosts.lock().unwrap().clone();
    asked.sort();
    for host in
        ["bedrock-runtime.us-east-1.amazonaws.com", "iam.amazonaws.com", "api.anthropic.com"]
    {
        assert!(asked.iter().any(|it| it == host), "{host} in {asked:?}");
    }
    assert_eq!(asked.len(), NEEDED + 1, "each is asked once: {asked:?}");
    let lines = run.lines();
    let first = lines.iter().find(|line| line["event"] == "host").unwrap();
    assert_eq!(first["v"], 1);
    assert_eq!(first["host"], "bedrock-runtime.us-east-1.amazonaws.com");
    assert_eq!(first["purpose"], "claude");
    assert_eq!(first["proxy"], format!("127.0.0.1:{port}"));
    assert_eq!(first["authority"], "Corp Inspection CA (Example)");
    assert_eq!(first["intercepted"], true);
    assert_eq!(first["trusted_by"], "ca_bundle");
    let steps: Vec<&str> =
        first["steps"].as_array().unwrap().iter().map(|it| it["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["resolve", "connect", "tunnel", "tls", "http"]);
}

#[test]
fn an_interceptor_is_named_and_after_the_remedy_it_passes() {
    let authority = Arc::new(Authority::new("Zscaler Root CA"));
    let port = intercepting(Arc::clone(&authority), Time::Now, CLOUD);
    let mut desk = through(port);
    let fault = fault_of(&desk, &[]);
    assert_eq!(fault.verdict, "untrusted_authority");
    assert_eq!(
        fault.message,
        "TLS is intercepted by `Zscaler Root CA (Example)`, which nothing here trusts"
    );
    assert!(fault.hints.contains("`ca_bundle: FILE` below `proxy:`"), "{}", fault.hints);
    // Nothing is sent to who is not trusted.
    assert!(fault.hosts.iter().all(|it| it["steps"].as_array().unwrap().len() == 4));

    // Another tool knows its file already.
    let file = desk.put("certs/zscaler.pem", &authority.pem());
    desk.set("REQUESTS_CA_BUNDLE", &file);
    let fault = fault_of(&desk, &[]);
    assert!(
        fault.hints.contains(&format!("`ca_bundle: {file}` below `proxy:`")),
        "{}",
        fault.hints
    );

    let remedy = format!("https_proxy: \"http://127.0.0.1:{port}\", ca_bundle: \"{file}\"");
    desk.write(&format!("bedrock: {{ region: us-east-1 }}\nproxy: {{ {remedy} }}\n"));
    let run = desk.run(&["proxy", "check", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn a_name_that_is_not_found_is_told_apart_from_the_proxys_name() {
    let host = desk("");
    let fault = fault_of(&host, &["--host", "bedrock.groundwork.invalid"]);
    assert_eq!((fault.verdict.as_str(), fault.hosts.len()), ("name_not_found", 1));
    assert!(fault.hints.contains("name it as `https_proxy`"), "{}", fault.hints);

    let proxy = desk("https_proxy: \"http://ada:s3cret@proxy.groundwork.invalid:3128\"");
    let fault = fault_of(&proxy, &[]);
    assert_eq!(fault.verdict, "proxy_name_not_found");
    assert_eq!(fault.message, "the proxy's name `proxy.groundwork.invalid` is not found");
    assert!(fault.hints.contains("VPN"), "{}", fault.hints);
    assert!(!fault.run.stdout.contains("s3cret"));
    // All hosts at once, and the fault once.
    assert_eq!(fault.run.summary()["faults"][0]["hosts"].as_array().unwrap().len(), NEEDED);

    let exempt = desk("https_proxy: \"http://127.0.0.1:1\", no_proxy: [\"*.invalid\"]");
    let fault = fault_of(&exempt, &["--host", "x.invalid"]);
    assert_eq!(fault.verdict, "name_not_found");
    assert_eq!(fault.hosts[0]["no_proxy"], "*.invalid");
    assert!(fault.hints.contains("`*.invalid` in `no_proxy` keeps it from the proxy"));
}

#[test]
fn a_closed_port_is_told_apart_from_the_proxys() {
    let fault = fault_of(&desk(""), &["--host", &direct(closed())]);
    assert_eq!(fault.verdict, "connection_refused");
    assert_eq!(fault.message, "the host refuses connections");
    let fault = fault_of(&through(closed()), &[]);
    assert_eq!(fault.verdict, "proxy_refuses_connection");
    assert!(fault.hints.contains("correct `https_proxy`"), "{}", fault.hints);
}

#[test]
fn who_never_answers_is_not_waited_for() {
    let fault = fault_of(&through(serve(hold)), &["--timeout", "1"]);
    assert_eq!(fault.verdict, "proxy_no_answer");
    assert!(fault.message.ends_with("takes the question and never answers"), "{}", fault.message);
    let silent = serve(hold);
    let fault = fault_of(&desk(""), &["--timeout", "1", "--host", &direct(silent)]);
    assert_eq!(fault.verdict, "handshake_stalled");
    let (host, signed) = ("localhost", Authority::new("Corp"));
    let desk = desk("ca_bundle: corp.pem");
    desk.put("corp.pem", &signed.pem());
    let server = signed.sign(host).server();
    let mute = serve(move |stream| say_within(stream, Arc::clone(&server), ""));
    let fault = fault_of(&desk, &["--timeout", "1", "--host", &direct(mute)]);
    assert_eq!(fault.verdict, "no_http_answer");
}

/// A proxy that lets in who has the right password.
fn asking(offers: &'static str, answer: &'static str, authority: Arc<Authority>) -> u16 {
    let right = format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode("ada:s3c@ret"));
    proxy(move |host, head, mut stream| {
        if head.to_ascii_lowercase().contains(&right.to_ascii_lowercase()) {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n"));
            return say_within(stream, authority.sign(host).server(), answer);
        }
        // Some repeat what they were told.
        let sent = head.split("Basic ").nth(1).unwrap_or_default().trim();
        let page = format!("<html><title>Sign in</title><body>not {sent} for {host}</body></html>");
        let length = page.len();
        let answer = format!(
            "HTTP/1.1 407 Proxy Authentication Required\r\n{offers}content-length: {length}\r\n\r\n{page}"
        );
        drop(stream.write_all(answer.as_bytes()));
        hold(stream);
    })
}

#[test]
fn credentials_that_are_missing_or_wrong_are_told_with_what_the_proxy_takes() {
    let authority = Arc::new(Authority::new("Corp Inspection CA"));
    let offers = "Proxy-Authenticate: NTLM\r\nProxy-Authenticate: Basic realm=\"corp\"\r\n";
    let port = asking(offers, CLOUD, Arc::clone(&authority));
    let fault = fault_of(&through(port), &[]);
    assert_eq!(fault.verdict, "proxy_credentials_missing");
    assert!(fault.message.ends_with("asks for credentials; it offers NTLM, Basic"));
    assert!(fault.hints.contains("`http://USER:${PROXY_PASSWORD}@HOST:PORT`"), "{}", fault.hints);

    let with = |password: &str| {
        let url = format!("http://ada:{password}@127.0.0.1:{port}");
        let desk = desk(&format!("https_proxy: \"{url}\", ca_bundle: corp.pem"));
        desk.put("corp.pem", &authority.pem());
        desk
    };
    let fault = fault_of(&with("wr0ng-pass"), &[]);
    assert_eq!(fault.verdict, "proxy_credentials_wrong");
    assert!(fault.message.contains(&format!("http://ada:***@127.0.0.1:{port}")));
    let encoded = BASE64_STANDARD.encode("ada:wr0ng-pass");
    for secret in ["wr0ng-pass", &encoded] {
        assert!(!fault.run.stdout.contains(secret), "{}", fault.run.stdout);
    }
    let run = with("s3c%40ret").run(&["proxy", "check"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!run.stdout.contains("s3c"), "{run:?}");
}

#[test]
fn a_wrong_password_is_sent_once_and_the_answer_is_every_hosts() {
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let port = proxy(move |_, head, stream| {
        if head.contains("Proxy-Authorization: ") || head.contains("proxy-authorization: ") {
            *count.lock().unwrap() += 1;
        }
        let offer = "Proxy-Authenticate: Negotiate, NTLM, Basic realm=\"a, b\"\r\n";
        let head = "HTTP/1.1 407 Proxy Authentication Required\r\n";
        answer(stream, &format!("{head}{offer}content-length: 0\r\n\r\n"));
    });
    let wrong = desk(&format!("https_proxy: \"http://ada:wr0ng@127.0.0.1:{port}\""));
    let fault = fault_of(&wrong, &[]);
    assert_eq!(fault.verdict, "proxy_credentials_wrong");
    assert!(fault.message.ends_with("it offers Negotiate, NTLM, Basic"), "{}", fault.message);
    assert!(fault.hints.contains("correct user and password"), "{}", fault.hints);
    let steps = |host: &Value| host["steps"].as_array().unwrap().len();
    assert!(fault.hosts.iter().all(|it| steps(it) == 3), "{:?}", fault.hosts);
    assert_eq!(*asked.lock().unwrap(), 1);
}

#[test]
fn what_signs_in_is_not_printed_however_a_proxy_repeats_it() {
    for (user, page) in [
        ("ada:s3c%40ret", "<html><title>No</title><body>http://ada:s3c%40ret@x</body></html>"),
        ("ada:s3c%40ret", "sent s3c&#64;ret"),
        ("ada:s3%20%20c%3Cret%3E", "sent s3  c<ret>"),
        ("t0ken-s3cret", "hello t0ken-s3cret"),
    ] {
        let port = refusing("403 Forbidden", "", page);
        let desk = desk(&format!("https_proxy: \"http://{user}@127.0.0.1:{port}\""));
        let fault = fault_of(&desk, &[]);
        let words = format!(":{port} does not let it through: 403 Forbidden");
        assert!(fault.message.ends_with(&words), "{}", fault.message);
        let run = desk.run(&["proxy", "check"]);
        for printed in [&fault.run.stdout, &run.stdout, &run.stderr] {
            for part in ["s3c", "s3 ", "<ret", "t0ken"] {
                assert!(!printed.contains(part), "{printed}");
            }
        }
    }
}

#[test]
fn a_password_with_signs_that_our_own_calls_take_is_taken_here() {
    let port = refusing("403 Forbidden", "", "not by this policy");
    let desk = desk(&format!("https_proxy: \"http://ädä:p^{{}}|ß3z9q@127.0.0.1:{port}\""));
    let fault = fault_of(&desk, &[]);
    assert_eq!(fault.verdict, "proxy_forbids");
    assert!(fault.message.ends_with("403 Forbidden: not by this policy"), "{}", fault.message);
}

#[test]
fn a_body_that_does_not_end_does_not_hide_what_the_head_says() {
    let port = proxy(|_, _, stream| answer(stream, "HTTP/1.1 403 Forbidden\r\n\r\nnot by"));
    let fault = fault_of(&through(port), &[]);
    assert_eq!(fault.verdict, "proxy_forbids");
    assert!(fault.message.ends_with("403 Forbidden: not by"), "{}", fault.message);
    let host = serve(|mut stream| {
        crate::support::corporate::head(&mut stream);
        answer(stream, "HTTP/1.1 200 OK\r\n\r\ndata: 1");
    });
    let run = desk("").run(&["proxy", "check", "--host", &format!("http://127.0.0.1:{host}")]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

/// Says this, and holds the connection.
fn answer(mut stream: std::net::TcpStream, text: &str) {
    drop(stream.write_all(text.as_bytes()));
    hold(stream);
}

#[test]
fn a_proxy_that_takes_no_password_has_a_remedy_of_its_own() {
    let offers = "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n";
    let port = asking(offers, CLOUD, Arc::new(Authority::new("Corp")));
    let fault = fault_of(&through(port), &[]);
    assert_eq!(fault.verdict, "proxy_credentials_missing");
    assert!(fault.hints.contains("proxyAuthHelper"), "{}", fault.hints);
    assert!(fault.hints.contains("nothing here speaks Negotiate, NTLM"), "{}", fault.hints);
}

#[test]
fn a_refusal_is_told_in_the_proxys_words_as_plain_text() {
    let page = "<html><head><title>Access\u{1b}[31m Denied</title></head><body><h1>Access Denied</h1>\
        <script>x()</script><p>Category:\n Generative AI &amp; Chat</p></body></html>";
    let fault = fault_of(&through(refusing("403 Forbidden", "", page)), &[]);
    assert_eq!(fault.verdict, "proxy_forbids");
    let words = "403 Forbidden: Access [31m Denied: Access Denied Category: Generative AI & Chat";
    assert!(fault.message.ends_with(words), "{}", fault.message);
    assert!(fault.hints.contains("allow CONNECT"), "{}", fault.hints);
}

#[test]
fn a_proxy_that_cannot_reach_the_host_is_told_apart_from_one_that_will_not() {
    for status in ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"] {
        let fault = fault_of(&through(refusing(status, "", "no such host")), &[]);
        assert_eq!(fault.verdict, "proxy_cannot_reach");
        assert!(fault.message.ends_with(&format!("{status}: no such host")), "{}", fault.message);
    }
}

#[test]
fn what_is_no_proxy_is_told() {
    let fault = fault_of(&through(serve(|stream| say(stream, "SSH-2.0-OpenSSH_9.2\r\n"))), &[]);
    assert_eq!(fault.verdict, "proxy_not_http");
    let fault = fault_of(&through(serve(drop)), &[]);
    assert_eq!(fault.verdict, "proxy_ended");
}

#[test]
fn a_certificate_before_or_after_its_time_tells_the_date() {
    let desk = desk("ca_bundle: corp.pem");
    let (authority, _) = company(&desk);
    for (time, verdict, words) in [
        (Time::Past, "certificate_expired", "expired on 2020-01-31"),
        (Time::Future, "certificate_not_yet_valid", "is valid only from 2089-12-01 on"),
    ] {
        let server = authority.sign_for("localhost", time).server();
        let port = serve(move |stream| say_within(stream, Arc::clone(&server), CLOUD));
        let fault = fault_of(&desk, &["--host", &direct(port)]);
        assert_eq!(fault.verdict, verdict);
        assert!(fault.message.ends_with(words), "{}", fault.message);
        assert!(fault.hints.contains("date -u"), "{}", fault.hints);
    }
}

#[test]
fn a_certificate_for_another_host_tells_for_which() {
    let desk = desk("ca_bundle: corp.pem");
    let (authority, _) = company(&desk);
    let server = authority.sign("portal.corp.test").server();
    let port = serve(move |stream| say_within(stream, Arc::clone(&server), CLOUD));
    let fault = fault_of(&desk, &["--host", &direct(port)]);
    assert_eq!(fault.verdict, "certificate_of_another_host");
    assert_eq!(fault.message, "the certificate is for portal.corp.test");
}

#[test]
fn a_handshake_that_comes_to_nothing_tells_why() {
    let plain = serve(|stream| say(stream, CLOUD));
    // Both read the whole greeting before they go, or their end would be a reset of another kind.
    let cut = opening(|_, mut stream| {
        let mut greeting = [0; 64];
        drop(std::io::Read::read(&mut stream, &mut greeting));
        drop(stream.shutdown(Shutdown::Both));
    });
    // An alert: fatal, protocol_version; and fatal, handshake_failure.
    let old = serve(|mut stream| {
        drop(stream.write_all(&[21, 3, 1, 0, 2, 2, 70]));
        hold(stream);
    });
    let refused = serve(|mut stream| {
        drop(stream.write_all(&[21, 3, 1, 0, 2, 2, 40]));
        hold(stream);
    });
    let of = |port| fault_of(&desk(""), &["--timeout", "2", "--host", &direct(port)]).verdict;
    let said = serve(|mut stream| {
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        hold(stream);
    });
    assert_eq!(of(said), "not_tls");
    assert_eq!(of(old), "tls_too_old");
    assert_eq!(of(refused), "handshake_refused");
    let fault = fault_of(&through(cut), &[]);
    assert_eq!(fault.verdict, "handshake_cut");
    assert!(fault.hints.contains("SNI"), "{}", fault.hints);
    // A server that waits for a line waits for good.
    assert_eq!(of(plain), "handshake_stalled");
}

#[test]
fn a_host_that_wants_to_know_who_we_are_is_told_with_the_certificate_that_is_configured() {
    let here = desk("ca_bundle: corp.pem");
    let (authority, _) = company(&here);
    let server = authority.sign("localhost").server_for(&authority);
    let port = serve(move |stream| say_within(stream, Arc::clone(&server), CLOUD));
    let fault = fault_of(&here, &["--host", &direct(port)]);
    assert_eq!(fault.verdict, "client_certificate_needed");
    assert!(fault.hints.contains("`client_cert: FILE`"), "{}", fault.hints);

    let with = |signer: &Authority| {
        let desk = desk("ca_bundle: corp.pem, client_cert: me.pem, client_key: me.key");
        let me = signer.sign("me.corp.test");
        desk.put("corp.pem", &authority.pem());
        desk.put("me.pem", &me.pem);
        desk.put("me.key", &me.key_pem);
        desk
    };
    let fault = fault_of(&with(&Authority::new("Other")), &["--host", &direct(port)]);
    assert_eq!(fault.verdict, "client_certificate_refused");
    let run = with(&authority).run(&["proxy", "check", "--host", &direct(port)]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn a_page_of_the_interceptors_own_is_not_the_host() {
    let block = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n\
        <!doctype html><html><head><title>Internet Security by Zscaler</title></head></html>";
    let portal = "HTTP/1.1 302 Found\r\nlocation: https://portal.corp.test/login?next=x\r\n\
        content-length: 0\r\n\r\n";
    let mute = "";
    for (answer, verdict, words) in [
        (
            block,
            "block_page",
            "another one answers with a page (200): Internet Security by Zscaler",
        ),
        (portal, "redirected", "another one answers, and leads to portal.corp.test"),
        (mute, "no_http_answer", "the connection ends without an answer"),
    ] {
        let authority = Arc::new(Authority::new("Corp Inspection CA"));
        let signer = Arc::clone(&authority);
        let port = opening(move |host, stream| {
            if answer.is_empty() {
                return end_within(stream, signer.sign(host).server());
            }
            say_within(stream, signer.sign(host).server(), answer);
        });
        let desk = desk(&format!("https_proxy: \"127.0.0.1:{port}\", ca_bundle: corp.pem"));
        desk.put("corp.pem", &authority.pem());
        let fault = fault_of(&desk, &["--timeout", "5"]);
        assert_eq!((fault.verdict.as_str(), fault.message.as_str()), (verdict, words));
    }
}

/// Shakes hands, hears the question, and ends.
fn end_within(stream: std::net::TcpStream, config: Arc<rustls::ServerConfig>) {
    let connection = rustls::ServerConnection::new(config).unwrap();
    let mut tls = rustls::StreamOwned::new(connection, stream);
    crate::support::corporate::head(&mut tls);
    tls.conn.send_close_notify();
    drop(tls.flush());
    drop(tls.sock.shutdown(Shutdown::Both));
}

#[test]
fn a_file_that_is_broken_is_told_before_anything_is_asked() {
    for (name, text, cause) in [
        ("ca_bundle: corp.pem", "no certificate", "there is no certificate in it"),
        ("ca_bundle: corp.pem, client_cert: me.pem, client_key: me.pem", "x", "certificate in it"),
    ] {
        let desk = desk(&format!("https_proxy: \"http://127.0.0.1:1\", {name}"));
        desk.put("corp.pem", text);
        let run = desk.run(&["proxy", "check"]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stdout.is_empty(), "{run:?}");
        assert!(run.stderr.contains("error: could not read the CA bundle"), "{}", run.stderr);
        assert!(run.stderr.contains(cause) && run.stderr.contains("  hint: "), "{}", run.stderr);
    }
    let here = desk("client_cert: me.pem, client_key: me.key");
    let me = Authority::new("Corp").sign("me.corp.test");
    here.put("me.pem", &me.pem);
    here.put("me.key", "-----BEGIN s3cret");
    let run = here.run(&["proxy", "check"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("error: could not read the private key in"), "{}", run.stderr);
    assert!(run.stderr.contains("caused by: a BEGIN line is not whole"), "{}", run.stderr);
    // Neither as text nor as numbers.
    assert!(!run.stderr.contains("s3cret") && !run.stderr.contains("115, 51"), "{}", run.stderr);
    let run = desk("ca_bundle: nowhere.pem").run(&["proxy", "check", "--json"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.lines().iter().all(|line| line["event"] != "host"), "{run:?}");
    assert_eq!(run.summary()["exit_code"], 2);
}

#[test]
fn what_claude_code_can_do_without_is_told_and_does_not_count() {
    let authority = Arc::new(Authority::new("Corp Inspection CA"));
    let signer = Arc::clone(&authority);
    let port = proxy(move |host, _, mut stream| {
        if host == "api.anthropic.com" {
            drop(stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"));
            return hold(stream);
        }
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n"));
        say_within(stream, signer.sign(host).server(), CLOUD);
    });
    let desk = desk(&format!("https_proxy: \"http://127.0.0.1:{port}\", ca_bundle: corp.pem"));
    desk.put("corp.pem", &authority.pem());
    let run = desk.run(&["proxy", "check"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    insta::assert_snapshot!(steady(&run, port));
}

#[test]
fn a_table_says_each_fault_once() {
    let authority = Arc::new(Authority::new("Corp Inspection CA"));
    let port = proxy(move |host, _, mut stream| match host {
        "iam.amazonaws.com" | "kms.us-east-1.amazonaws.com" | "api.anthropic.com" => {
            let text = "HTTP/1.1 403 Forbidden\r\ncontent-length: 18\r\n\r\nnot by this policy";
            drop(stream.write_all(text.as_bytes()));
            hold(stream);
        }
        host => {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n"));
            say_within(stream, authority.sign(host).server(), CLOUD);
        }
    });
    let run = through(port).run(&["proxy", "check"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    insta::assert_snapshot!(steady(&run, port));
}

/// What was printed, without what differs from run to run.
fn steady(run: &Run, port: u16) -> String {
    // What there is to know about the configuration is told elsewhere.
    let said = run.stderr.lines().filter(|line| !line.contains("claude-config.yaml:"));
    let said: Vec<&str> = said.collect();
    let mut text =
        format!("{}\n{}", run.stdout, said.join("\n")).replace(&port.to_string(), "PORT");
    let mut from = 0;
    while let Some(found) = text[from..].find(" ms") {
        let end = from + found;
        let start = text[..end].trim_end_matches(|c: char| c.is_ascii_digit()).trim_end().len();
        text.replace_range(start..end, "  N");
        from = start + 6;
    }
    text
}

#[test]
fn hosts_can_be_tried_without_a_tenant_and_wrong_ones_are_refused() {
    let desk = desk("");
    std::fs::remove_file(desk.path().join("claude-config.yaml")).unwrap();
    let port = serve(|stream| say(stream, CLOUD));
    let run = desk.run(&["proxy", "check", "--host", &format!("http://127.0.0.1:{port}")]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.starts_with(&format!("ok       http://127.0.0.1:{port}  ")), "{run:?}");
    assert!(run.stderr.contains("1 host: 1 ok\n"), "{run:?}");
    let run = desk.run(&["proxy", "check", "--host", "ada:s3cret@"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(!run.stderr.contains("s3cret"), "{run:?}");
    assert_eq!(desk.run(&["proxy", "check"]).code, Some(2));
    assert_eq!(desk.run(&["proxy", "check", "--timeout", "0"]).code, Some(2));
}

#[test]
fn a_tenant_in_google_cloud_has_its_own_hosts() {
    let port = refusing("403 Forbidden", "", "");
    let desk = desk("");
    std::fs::remove_file(desk.path().join("claude-config.yaml")).unwrap();
    desk.put(
        "vertex-config.yaml",
        &format!(
            "vertex_ai: {{ project_id: my-project, location: europe-west1, \
             model_name: claude-opus-4-6 }}\nproxy: {{ https_proxy: \"127.0.0.1:{port}\" }}\n"
        ),
    );
    let fault = fault_of(&desk, &[]);
    let hosts: Vec<&str> = fault.hosts.iter().map(|it| it["host"].as_str().unwrap()).collect();
    for host in ["europe-west1-aiplatform.googleapis.com", "oauth2.googleapis.com"] {
        assert!(hosts.contains(&host), "{host} in {hosts:?}");
    }
}
