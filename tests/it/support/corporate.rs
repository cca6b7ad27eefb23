//! A company's network on loopback: servers and forward proxies that do just one thing, right or
//! wrong, with real sockets. Each lives as long as the test.

use std::{
    io::{Read, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::authority::{Authority, Time};

/// What AWS answers to who says nothing.
pub const CLOUD: &str = "HTTP/1.1 403 Forbidden\r\nx-amzn-requestid: 1\r\n\
    content-type: application/json\r\ncontent-length: 36\r\nconnection: close\r\n\r\n\
    {\"message\":\"Missing Authentication\"}\n";

/// Serves each connection on a thread of its own, and gives the port.
pub fn serve(each: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let each = Arc::new(each);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let each = Arc::clone(&each);
            thread::spawn(move || each(stream));
        }
    });
    port
}

/// A port on which nobody listens.
pub fn closed() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Takes whatever is said, and says nothing until the other side has gone.
pub fn hold(mut stream: TcpStream) {
    drop(std::io::copy(&mut stream, &mut std::io::sink()));
}

/// The head of a request; empty if none came.
pub fn head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Says `answer` to one request, and ends the connection.
pub fn say(mut stream: TcpStream, answer: &str) {
    head(&mut stream);
    drop(stream.write_all(answer.as_bytes()));
    drop(stream.shutdown(Shutdown::Write));
    hold(stream);
}

/// The same within TLS.
pub fn say_within(stream: TcpStream, config: Arc<ServerConfig>, answer: &str) {
    let Ok(connection) = ServerConnection::new(config) else { return };
    let mut tls = StreamOwned::new(connection, stream);
    if head(&mut tls).is_empty() {
        return;
    }
    drop(tls.write_all(answer.as_bytes()));
    tls.conn.send_close_notify();
    drop(tls.flush());
    hold(tls.sock);
}

/// A forward proxy. `manner` gets the host, the head of the request, and the connection.
pub fn proxy(manner: impl Fn(&str, &str, TcpStream) + Send + Sync + 'static) -> u16 {
    serve(move |mut stream| {
        let head = head(&mut stream);
        let authority = head.split(' ').nth(1).unwrap_or_default();
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned();
        manner(&host, &head, stream);
    })
}

/// A forward proxy that answers as itself: this status, these headers, this text.
pub fn refusing(status: &'static str, headers: &'static str, text: &'static str) -> u16 {
    proxy(move |_, _, mut stream| {
        let length = text.len();
        let answer =
            format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{text}");
        drop(stream.write_all(answer.as_bytes()));
        hold(stream);
    })
}

/// A forward proxy that opens the way, and then is the host by itself.
pub fn opening(then: impl Fn(&str, TcpStream) + Send + Sync + 'static) -> u16 {
    proxy(move |host, _, mut stream| {
        if stream.write_all(b"HTTP/1.0 200 Connection established\r\n\r\n").is_ok() {
            then(host, stream);
        }
    })
}

/// One that reads what goes through it, with certificates of `authority`.
pub fn intercepting(authority: Arc<Authority>, time: Time, answer: &'static str) -> u16 {
    opening(move |host, stream| {
        say_within(stream, authority.sign_for(host, time).server(), answer);
    })
}
