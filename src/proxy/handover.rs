//! What others are told who go to the network for us: libraries with clients of their own (Google's
//! sign-in), and the command lines that a sign-in starts (`gcloud`, a credential process). They read
//! the environment alone, so that a configuration that says more has to be put there.
//!
//! None of them takes a client certificate: where the network asks for one, a sign-in that fetches
//! tokens over it works only by what does not (a token that is given, keys in the environment).

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::{CONFIGURED, Network};
use crate::claude::variable as v;

/// With one of both set, nothing else is read: so there must be both, to add to the system's.
const FILE: &str = v::SSL_CERT_FILE.name;
const FOLDERS: &str = v::SSL_CERT_DIR.name;
/// What the command lines take in place of their own authorities. Only a bundle that the configuration
/// names is meant for all that they call.
const COMMAND_LINES: [&str; 2] =
    [v::AWS_CA_BUNDLE.name, v::CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE.name];
/// Where systems have their authorities, each in a file of PEM.
const SYSTEM: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

impl Network {
    /// The variables that `environment` lacks, or has otherwise. None for one that has them all.
    pub fn handover(
        &self,
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> Vec<(&'static str, OsString)> {
        let mut all: Vec<(&str, OsString)> = Vec::new();
        for (url, names) in [
            (self.https_proxy(), [v::HTTPS_PROXY, v::HTTPS_PROXY_LOWER]),
            (self.http_proxy(), [v::HTTP_PROXY, v::HTTP_PROXY_LOWER]),
        ] {
            let Some(url) = url else { continue };
            all.extend(names.map(|variable| (variable.name, url.expose().into())));
        }
        if self.has_proxy() {
            let names = [v::NO_PROXY, v::NO_PROXY_LOWER];
            all.extend(names.map(|variable| (variable.name, self.exempt_list().into())));
        }
        if let Some(path) = self.ca_bundle() {
            all.extend(self.authorities(path, environment));
        }
        all.retain(|(name, value)| environment(name).as_ref() != Some(value));
        all
    }

    fn authorities(
        &self,
        path: &Path,
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> Vec<(&'static str, OsString)> {
        let mut all = Vec::new();
        let is_set = |name| environment(name).is_some_and(|value| !value.is_empty());
        // Who has said already what the system's are has said what is to be trusted.
        if !is_set(FILE) {
            all.push((FILE, path.into()));
            if !is_set(FOLDERS)
                && let Some(folders) = folders(&SYSTEM.map(Path::new))
            {
                all.push((FOLDERS, folders));
            }
        }
        if self.named_by() == CONFIGURED {
            all.extend(COMMAND_LINES.map(|name| (name, path.into())));
        }
        all
    }
}

fn folders(system: &[&Path]) -> Option<OsString> {
    let there: Vec<PathBuf> =
        system.iter().filter(|path| path.is_dir()).map(|path| path.to_path_buf()).collect();
    std::env::join_paths(there).ok().filter(|joined| joined != OsStr::new(""))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::Proxy;

    type Variables = BTreeMap<String, OsString>;

    /// A file that is there.
    const THERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

    /// What the next run of the program has, which reads the network anew.
    fn next(proxy: &Proxy, now: &Variables) -> Variables {
        let text = |name: &str| now.get(name).and_then(|value| value.to_str().map(Into::into));
        let network = Network::of(proxy, Path::new("/work"), &text).unwrap();
        let mut next = now.clone();
        let handover = network.handover(&|name| now.get(name).cloned());
        next.extend(handover.into_iter().map(|(name, value)| (name.to_owned(), value)));
        next
    }

    fn variables(all: &[(&str, &str)]) -> Variables {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
    }

    fn full() -> Proxy {
        Proxy {
            https_proxy: "http://ada:s3cret@proxy:3128".parse().ok(),
            no_proxy: vec!["*.corp.test".into()],
            ca_bundle: Some("ca.pem".into()),
            ..Proxy::default()
        }
    }

    #[test]
    fn what_was_handed_on_once_is_not_handed_on_again() {
        let environments = [
            variables(&[]),
            variables(&[("HTTPS_PROXY", "http://other:1"), ("https_proxy", "http://third:1")]),
            variables(&[("ALL_PROXY", "http://all:1"), ("NO_PROXY", "a.test b.test")]),
            variables(&[("all_proxy", "socks5://all:1"), ("SSL_CERT_FILE", "/my.pem")]),
            variables(&[("SSL_CERT_DIR", ""), ("NODE_EXTRA_CA_CERTS", "Cargo.toml")]),
            variables(&[("AWS_CA_BUNDLE", THERE), ("no_proxy", "*")]),
            variables(&[("NODE_EXTRA_CA_CERTS", "/absent.pem"), ("HTTP_PROXY", "HTTP://p:1")]),
            variables(&[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "*******.x.test,*.*.y,z:1")]),
        ];
        for proxy in [full(), Proxy::default()] {
            for environment in &environments {
                let once = next(&proxy, environment);
                assert_eq!(next(&proxy, &once), once, "{environment:?}");
            }
        }
    }

    #[test]
    fn an_environment_that_names_nothing_of_a_network_stays_as_it_is() {
        let environment = variables(&[("PATH", "/bin"), ("NO_PROXY", "a.test")]);
        assert_eq!(next(&Proxy::default(), &environment), environment);
    }

    #[test]
    fn others_get_the_proxy_in_both_cases_and_the_authorities_beside_the_systems() {
        let next = next(&full(), &variables(&[("HTTPS_PROXY", "http://stale:1")]));
        for name in ["HTTPS_PROXY", "https_proxy"] {
            assert_eq!(next[name], "http://ada:s3cret@proxy:3128");
        }
        let no_proxy = next["no_proxy"].to_str().unwrap();
        let own = ".corp.test,localhost,127.0.0.1,::1,169.254.169.254,";
        assert!(no_proxy.starts_with(own), "{no_proxy}");
        assert_eq!(next["NO_PROXY"], next["no_proxy"]);
        for name in ["SSL_CERT_FILE", "AWS_CA_BUNDLE", "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"] {
            assert_eq!(next[name], "/work/ca.pem", "{name}");
        }
        assert!(!next.contains_key("HTTP_PROXY"));
    }

    #[test]
    fn folders_that_are_not_there_are_left_out() {
        let folder = tempfile::TempDir::new().unwrap();
        let absent = folder.path().join("absent");
        assert_eq!(folders(&[&absent, folder.path()]), Some(folder.path().into()));
        assert_eq!(folders(&[&absent]), None);
    }

    #[test]
    fn who_has_said_what_the_system_trusts_is_not_overruled() {
        let next = next(&full(), &variables(&[("SSL_CERT_FILE", "/my.pem")]));
        assert_eq!(next["SSL_CERT_FILE"], "/my.pem");
        assert!(!next.contains_key("SSL_CERT_DIR"));
    }

    #[test]
    fn a_bundle_for_claude_code_alone_does_not_replace_that_of_a_command_line() {
        let next = next(&Proxy::default(), &variables(&[("NODE_EXTRA_CA_CERTS", THERE)]));
        assert_eq!(next["SSL_CERT_FILE"], THERE);
        assert!(!next.contains_key("AWS_CA_BUNDLE"));
    }
}
