//! A room of its own for a test: no network but loopback, where the clouds' names lead to this machine,
//! and an `/etc` with nothing of this machine's in it.
//!
//! Claude Code's own client runs only there. It calls the clouds by their real names, reads its managed
//! settings from where a company lays them, and can reach nobody. The room ends, with all that runs
//! in it, when the test does.

use std::{any::type_name, fs, path::Path, process::Command};

use tempfile::TempDir;

use super::{authority::Authority, messages::HOSTS};

/// What says that this process is in a room.
const INSIDE: &str = "GROUNDWORK_TEST_ROOM";

/// Where the client is, if `tests/run.sh` has fetched it; else the test does.
const CLIENT: &str = "GROUNDWORK_TEST_CLIENT";

/// The client. Only in a room.
pub fn client() -> String {
    std::env::var(CLIENT).unwrap()
}

/// Does the rest of the calling test in a room. To be called with a closure of the test itself, for
/// the test's name is in the closure's.
pub fn room<T: FnOnce()>(test: T) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let name = type_name::<T>().split_once("::").unwrap().1;
    let name = name.strip_suffix("::{{closure}}").unwrap_or_else(|| panic!("no closure: {name}"));
    let client = std::env::var(CLIENT).unwrap_or_else(|_| fetched());
    let folder = TempDir::new().unwrap();
    furnish(folder.path());
    // `ip` is not on the path of everybody who may run it.
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let output = Command::new("unshare")
        // Nobody outlives the room: its first process ends with `unshare`.
        .args(["--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"])
        .args(["sh", "-c", r#"ip link set lo up && mount --bind "$0" /etc && exec "$@""#])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env_clear()
        .env("PATH", path)
        .env(INSIDE, "1")
        .env(CLIENT, client)
        .output()
        .unwrap_or_else(|error| panic!("could not run unshare, of util-linux: {error}"));
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, errors) = (said(&output.stdout), said(&output.stderr));
    assert!(output.status.success() && out.contains(" 1 passed;"), "{name}\n{out}\n{errors}");
}

fn fetched() -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/client.sh");
    let output = Command::new(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The files of `/etc` that there have to be.
fn furnish(etc: &Path) {
    fs::create_dir(etc.join("claude-code")).unwrap();
    for (name, text) in [
        ("passwd", "root:x:0:0:root:/root:/bin/sh\n"),
        ("group", "root:x:0:\n"),
        ("nsswitch.conf", "hosts: files\n"),
        ("resolv.conf", ""),
        ("hosts", &format!("127.0.0.1 localhost {}\n", HOSTS.join(" "))),
    ] {
        fs::write(etc.join(name), text).unwrap();
    }
    // Who uses the system's authorities refuses to start where there is none. This one signs nothing.
    fs::create_dir_all(etc.join("ssl/certs")).unwrap();
    let nobody = Authority::new("authority of nobody");
    fs::write(etc.join("ssl/certs/ca-certificates.crt"), nobody.pem()).unwrap();
    // Where the libraries are, on systems that keep them elsewhere than the loader looks by itself.
    fs::copy("/etc/ld.so.cache", etc.join("ld.so.cache")).ok();
}
