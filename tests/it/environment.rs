//! `groundwork env` as users run it: to a terminal, to a file, and in place of a command.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        process::ExitStatusExt as _,
    },
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::support::{
    authority::Authority,
    emulator::Account,
    program::{Desk, Run},
    shell,
    tenant::SMALL,
};

fn desk() -> Desk {
    Desk::new(SMALL)
}

fn mode(desk: &Desk, name: &str) -> u32 {
    fs::metadata(desk.path().join(name)).unwrap().permissions().mode() & 0o777
}

fn text(desk: &Desk, name: &str) -> String {
    fs::read_to_string(desk.path().join(name)).unwrap()
}

fn quiet(run: &Run) {
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn every_format_says_the_same_and_nothing_on_standard_error() {
    let desk = desk();
    let json = desk.run(&["env", "--format", "json"]);
    let object: Value = serde_json::from_str(&json.stdout).unwrap();
    let formats: [&[&str]; 9] = [
        &["--shell", "sh"],
        &["--shell", "zsh"],
        &["--shell", "fish"],
        &["--shell", "pwsh"],
        &["--shell", "cmd"],
        &["--format", "dotenv"],
        &["--format", "github"],
        &["--format", "docker"],
        &["--format", "kubernetes"],
    ];
    for flags in formats {
        let run = desk.run(&[&["env"], flags].concat());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{flags:?}");
        for (name, value) in object.as_object().unwrap() {
            let value = value.as_str().unwrap();
            let line = run.stdout.lines().find(|line| {
                line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .any(|word| word == name)
            });
            let line = line.unwrap_or_else(|| panic!("{name} is not in {flags:?}: {run:?}"));
            assert!(line.contains(value), "{flags:?}: {line}");
        }
        let undo = desk.run(&[&["env", "--unset"], flags].concat());
        assert_eq!((undo.code, undo.stderr.as_str()), (Some(0), ""), "{flags:?}");
        assert!(undo.stdout.contains("CLAUDE_CODE_USE_BEDROCK"), "{flags:?}: {undo:?}");
        let left = ["us-east-1", "CLAUDE_CODE_USE_VERTEX", "anthropic"];
        assert!(!left.iter().any(|word| undo.stdout.contains(word)), "{flags:?}: {undo:?}");
    }
}

#[test]
fn objects_have_the_tenants_name_or_the_one_that_is_given() {
    let desk = desk();
    let run = desk.run(&["env", "--format", "kubernetes"]);
    assert_eq!(run.stdout.matches("\n  name: \"claude-code\"\n").count(), 2, "{}", run.stdout);
    let run = desk.run(&["env", "--format", "kubernetes", "--name", "team.a-1"]);
    assert_eq!(run.stdout.matches("\n  name: \"team.a-1\"\n").count(), 2, "{}", run.stdout);
    for bad in ["Team", "a_b", "-a", "a.", "", "a\nb"] {
        let run = desk.run(&["env", "--format", "kubernetes", "--name", bad]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{bad}");
    }
}

#[test]
fn a_file_is_written_whole_for_its_owner_alone() {
    let desk = desk();
    let printed = desk.run(&["env", "--format", "dotenv"]).stdout;
    quiet(&desk.run(&["env", "--format", "dotenv", "--write=.env"]));
    assert_eq!((text(&desk, ".env"), mode(&desk, ".env")), (printed.clone(), 0o600));
    desk.put("target/old", "what others may read, and longer than what follows");
    fs::set_permissions(desk.path().join("target/old"), fs::Permissions::from_mode(0o644)).unwrap();
    symlink("target/old", desk.path().join("link")).unwrap();
    symlink("target/new", desk.path().join("dangling")).unwrap();
    for (link, target) in [("link", "target/old"), ("dangling", "target/new")] {
        quiet(&desk.run(&["env", "--format", "dotenv", &format!("--write={link}")]));
        assert!(fs::symlink_metadata(desk.path().join(link)).unwrap().is_symlink(), "{link}");
        assert_eq!((text(&desk, target), mode(&desk, target)), (printed.clone(), 0o600), "{link}");
    }
    let left = fs::read_dir(desk.path().join("target")).unwrap().count();
    assert_eq!(left, 2, "a temporary file is left");
}

fn pipe(desk: &Desk) {
    let made = Command::new("mkfifo").arg(desk.path().join("pipe")).status().unwrap();
    assert!(made.success());
}

#[test]
fn what_somebody_else_is_writing_to_is_not_replaced() {
    let desk = desk();
    let log = desk.put("log", "what was said before\n");
    for (file, format) in
        [("/dev/stdout", "shell"), ("/proc/self/fd/1", "json"), ("/dev/fd/1", "github")]
    {
        let out = fs::OpenOptions::new().append(true).open(&log).unwrap();
        let mut command = desk.command(&["env", "--format", format, &format!("--write={file}")]);
        assert_eq!(command.stdout(out).status().unwrap().code(), Some(2), "{file}");
        assert_eq!(text(&desk, "log"), "what was said before\n", "{file}");
    }
}

#[test]
fn what_is_removed_is_what_was_written_through_a_link() {
    let desk = desk();
    symlink("own.json", desk.path().join("link")).unwrap();
    let managed = ["env", "--format", "managed-settings", "--write=link"];
    assert_eq!(desk.run(&managed).code, Some(0));
    assert!(desk.path().join("own.json").is_file());
    assert_eq!(desk.run(&[&managed[..], &["--unset"]].concat()).code, Some(0));
    assert!(!desk.path().join("own.json").exists());
    assert!(fs::symlink_metadata(desk.path().join("link")).unwrap().is_symlink());
}

#[test]
fn what_cannot_be_written_to_is_left_as_it_is() {
    let desk = desk();
    symlink("round", desk.path().join("round")).unwrap();
    fs::create_dir(desk.path().join("folder")).unwrap();
    pipe(&desk);
    for (file, why) in [
        ("folder", "it is not a file"),
        ("/dev/null", "it is not a file"),
        ("pipe", "it is not a file"),
        ("absent/.env", "No such file or directory"),
        ("round", "too many links lead to it"),
    ] {
        let run = desk.run(&["env", &format!("--write={file}")]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{file}");
        let wanted = format!("error: could not write `{file}`\n  caused by: {why}");
        assert!(run.stderr.starts_with(&wanted), "{}", run.stderr);
        assert!(!run.stderr.contains(".tmp"), "{}", run.stderr);
        assert_eq!(run.stderr.contains("mkdir -p absent"), file == "absent/.env", "{}", run.stderr);
    }
    for format in ["settings", "managed-settings", "github"] {
        let run = desk.run(&["env", "--format", format, "--write=pipe"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{format}");
        assert!(run.stderr.contains("caused by: it is not a file"), "{}", run.stderr);
    }
    for arguments in [&["env", "--write="][..], &["env", "--format", "settings", "--write="]] {
        let run = desk.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        assert!(run.stderr.contains("the name of the file is empty"), "{}", run.stderr);
    }
    let run = desk.run(&["env", "--write"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("hint: name one: --write=FILE"), "{}", run.stderr);
}

#[test]
fn a_jobs_file_is_added_to_and_never_replaced() {
    let mut desk = desk();
    let run = desk.run(&["env", "--format", "github", "--write"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("GITHUB_ENV is not set"), "{}", run.stderr);
    let printed = desk.run(&["env", "--format", "github"]).stdout;
    let file = desk.put("job", "A=1");
    desk.set("GITHUB_ENV", &file);
    quiet(&desk.run(&["env", "--format", "github", "--write"]));
    assert_eq!(text(&desk, "job"), format!("A=1\n{printed}"));
    quiet(&desk.run(&["env", "--format", "github", "--write"]));
    assert_eq!(text(&desk, "job"), format!("A=1\n{printed}{printed}"));
    quiet(&desk.run(&["env", "--format", "github", "--write=other"]));
    assert_eq!((text(&desk, "other"), mode(&desk, "other")), (printed, 0o600));
}

#[test]
fn a_command_runs_with_exactly_this_environment() {
    let mut desk = desk();
    for (name, value) in
        [("CLAUDE_CODE_USE_VERTEX", "1"), ("ANTHROPIC_BASE_URL", "x"), ("MINE", "a b")]
    {
        desk.set(name, value);
    }
    let run = desk.run(&["env", "--exec", "--", "/usr/bin/env", "-0"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let json = desk.run(&["env", "--format", "json"]).stdout;
    let wanted: serde_json::Map<String, Value> = serde_json::from_str(&json).unwrap();
    let mut wanted: Vec<(String, String)> = wanted
        .into_iter()
        .map(|(name, value)| (name, value.as_str().unwrap().to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    wanted.push(("HOME".to_owned(), desk.path().display().to_string()));
    wanted.push(("MINE".to_owned(), "a b".to_owned()));
    wanted.sort();
    assert_eq!(shell::variables(run.stdout.as_bytes()), wanted);
}

#[test]
fn a_command_takes_the_place_of_the_program() {
    let desk = desk();
    let sh = |script| desk.command(&["env", "--exec", "--", "/bin/sh", "-c", script]);
    assert_eq!(sh("exit 42").status().unwrap().code(), Some(42));
    assert_eq!(sh("kill -TERM $$").status().unwrap().signal(), Some(15));
    let mut child = sh("echo $$").stdout(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    child.wait().unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut said).unwrap();
    assert_eq!(said.trim(), id.to_string());
    let run =
        desk.run(&["env", "--exec", "--", "/usr/bin/printf", "%s|", "--format", "-x", "a b", ""]);
    assert_eq!(run.stdout, "--format|-x|a b||");
}

#[test]
fn a_command_that_cannot_be_run_ends_as_in_a_shell() {
    let desk = desk();
    let run = desk.run(&["env", "--exec", "--", "no-such-command"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(127), ""));
    assert_eq!(
        run.stderr,
        "error: could not run `no-such-command`\n  \
         caused by: No such file or directory (os error 2)\n  \
         hint: install it, or give its path: groundwork env --exec -- /path/to/command\n"
    );
    let file = desk.put("plain", "no program");
    let run = desk.run(&["env", "--exec", "--", &file]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(126), ""));
    assert!(run.stderr.contains("caused by: Permission denied"), "{}", run.stderr);
    let script = desk.put("script", "#!/no/such/interpreter\n");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let run = desk.run(&["env", "--exec", "--", &script]);
    assert_eq!(run.code, Some(126), "{run:?}");
    assert!(run.stderr.contains("its first line names it"), "{}", run.stderr);
    let run = desk.run(&["env", "--exec", "--", "a\nb\u{1b}[31m"]);
    assert!(run.stderr.starts_with("error: could not run `a\\nb\\u{1b}[31m`\n"), "{}", run.stderr);
    let long = format!("{SMALL}claude_code: {{environment: {{MINE: {}}}}}\n", "x".repeat(1 << 18));
    let run = Desk::new(&long).run(&["env", "--exec", "--", "/bin/true"]);
    assert_eq!(run.code, Some(126), "{}", run.stderr);
    assert!(run.stderr.contains("too long for this system"), "{}", run.stderr);
}

#[test]
fn what_our_own_calls_needed_is_not_the_commands() {
    let desk = desk();
    // As it is for a process that was started anew: on Unix its number stays.
    let script = "export GROUNDWORK_HANDED_ON=\"[$((OTHER + $$)),{\\\"SSL_CERT_FILE\\\":null,\
                  \\\"AWS_CA_BUNDLE\\\":\\\"/mine.pem\\\"}]\"; exec \"$@\"";
    let run = |other: &str| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_groundwork")]);
        command.args(["env", "--exec", "--", "/usr/bin/env"]).current_dir(desk.path()).env_clear();
        for (name, value) in [
            ("HOME", "/home/ada"),
            ("OTHER", other),
            ("SSL_CERT_FILE", "/corp.pem"),
            ("AWS_CA_BUNDLE", "/corp.pem"),
        ] {
            command.env(name, value);
        }
        Run::from(command.output().unwrap())
    };
    let own = run("0");
    assert!(own.stdout.contains("\nAWS_CA_BUNDLE=/mine.pem\n"), "{own:?}");
    assert!(!own.stdout.contains("SSL_CERT_FILE"), "{own:?}");
    assert!(!own.stdout.contains("GROUNDWORK_HANDED_ON"), "{own:?}");
    // What was handed on to one above is its environment.
    let others = run("1");
    assert!(others.stdout.contains("\nAWS_CA_BUNDLE=/corp.pem\n"), "{others:?}");
    assert!(others.stdout.contains("SSL_CERT_FILE=/corp.pem\n"), "{others:?}");
}

#[test]
fn a_command_has_the_same_environment_though_an_arn_is_asked_for() {
    let account = Account::new();
    let config = "bedrock:\n  region: us-east-1\n  inference_profiles:\n    - { name: team-a, \
                  model_id: us.anthropic.claude-opus-5-5 }\n";
    let desk = Desk::with(&account, config);
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    desk.put("corp.pem", &Authority::new("Corp").pem());
    desk.write(&format!("{config}proxy: {{ ca_bundle: corp.pem }}\n"));
    account.reset();
    let run = desk.run(&["env", "--exec", "--", "/usr/bin/env"]);
    assert_eq!(account.calls(), ["bedrock.ListInferenceProfiles"]);
    assert!(run.stdout.contains("application-inference-profile"), "{run:?}");
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE", "CLOUDSDK", "GROUNDWORK_"] {
        assert!(!run.stdout.contains(name), "{name}: {run:?}");
    }
}

#[test]
fn a_twin_that_is_set_to_nothing_is_as_good_as_not_set() {
    let mut desk = desk();
    let wanted = desk.run(&["env"]).stdout;
    for flag in [
        "CONFIG",
        "PROFILE",
        "REGION",
        "ENDPOINT_URL",
        "COLOR",
        "QUIET",
        "VERBOSE",
        "SHELL",
        "FORMAT",
        "UNSET",
        "WRITE",
        "NAME",
        "PLATFORM",
        "FORCE",
        "INFERENCE_PROFILE",
        "EXEC",
        "BUNDLE",
        "JSON",
        "HOST",
        "TIMEOUT",
    ] {
        desk.set(&format!("GROUNDWORK_{flag}"), "");
    }
    let run = desk.run(&["env"]);
    assert_eq!((run.code, run.stdout, run.stderr.as_str()), (Some(0), wanted, ""));
    assert_eq!(desk.run(&["proxy", "env"]).code, Some(0));
    let run = desk.run(&["proxy", "check", "--host", "127.0.0.1:1"]);
    assert_eq!(run.code, Some(1), "{run:?}");
}

fn proxied() -> Desk {
    Desk::new(&format!("{SMALL}proxy: {{https_proxy: \"http://ada:s3cret@proxy.test:1\"}}\n"))
}

#[test]
fn the_proxys_variables_are_no_settings() {
    let mut desk = proxied();
    let mine = "{\"model\": \"opus\"}";
    desk.put("own.json", mine);
    for format in ["settings", "managed-settings"] {
        let run = desk.run(&["proxy", "env", "--format", format, "--write=own.json"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        assert_eq!(text(&desk, "own.json"), mine);
    }
    desk.set("GROUNDWORK_FORMAT", "settings");
    assert_eq!(desk.run(&["proxy", "env", "--write=own.json"]).code, Some(2));
    assert_eq!(text(&desk, "own.json"), mine);
}

#[test]
fn the_proxys_objects_and_commands_are_its_own() {
    let desk = proxied();
    let run = desk.run(&["proxy", "env", "--format", "kubernetes"]);
    assert_eq!(run.stdout.matches("\n  name: \"claude-code-proxy\"\n").count(), 2, "{run:?}");
    let run = desk.run(&["proxy", "env", "--format", "github"]);
    let wanted = "hint: have the log hide it first: groundwork proxy env --format github --write\n";
    assert!(run.stderr.ends_with(wanted), "{}", run.stderr);
}

#[test]
fn no_job_gets_a_secret_whose_mask_nobody_read() {
    let mut desk = proxied();
    let job = desk.put("job", "");
    desk.set("GITHUB_ENV", &job);
    desk.set("GITHUB_ACTIONS", "true");
    let arguments = ["env", "--format", "github", "--write"];
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    for out in [Stdio::from(writer), Stdio::null()] {
        let output = desk.command(&arguments).stdout(out).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(text(&desk, "job"), "");
    }
    let run = desk.run(&arguments);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("::add-mask::s3cret\n"), "{run:?}");
    assert!(text(&desk, "job").contains("s3cret"));
}

#[test]
fn flags_that_do_not_go_together_are_told_before_anything_is_done() {
    let mut desk = desk();
    for (arguments, wanted) in [
        (&["env", "--exec"][..], "--exec: there is no command to run"),
        (&["env", "--", "claude"], "a command is run only with --exec"),
        (&["env", "--exec", "--unset", "--", "true"], "--exec and --unset do not go together"),
        (&["env", "--exec", "--write=x", "--", "true"], "--exec and --write do not go together"),
        (&["env", "--exec", "--format", "json", "--", "true"], "--exec and --format do not"),
    ] {
        let run = desk.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(run.stderr.starts_with(&format!("error: {wanted}")), "{}", run.stderr);
    }
    assert!(!desk.path().join("x").exists());
    // What is said to be off by the environment is as good as not said.
    desk.set("GROUNDWORK_UNSET", "false");
    assert_eq!(desk.run(&["env", "--exec", "--", "/bin/true"]).code, Some(0));
}
