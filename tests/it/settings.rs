//! `env --format settings` and `managed-settings`, as whole commands.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::support::program::{Desk, Run};

const TENANT: &str = "bedrock:\n  region: us-east-1\n";

/// As people write such files, and as editors allow it.
const MINE: &str = "\u{feff}{\r\n\t// what I like\r\n\t\"zebra\": [1.0, 1e3], \"theme\": \"d\\u0061rk\",\r\n\r\n\t\"env\": {\r\n\t\t\"EDITOR\": \"vi\", // of course\r\n\t\t\"AWS_REGION\": \"eu-west-1\",\r\n\t\t\"ANTHROPIC_BEDROCK_BASE_URL\": \"https://s3cret@old.example.com\", // until March\r\n\t\t\"CLAUDE_CODE_USE_VERTEX\": \"1\",\r\n\t},\r\n\t\"permissions\": {\"deny\": [\"WebFetch\",], /* no web */ \"allow\": []},\r\n\t/* the end */\r\n}\r\n";

/// A file that the client reads.
const READ: &str = "{\n  \"model\": \"opus\",\n  \"env\": {\n    \"EDITOR\": \"vi\"\n  }\n}\n";

fn user(desk: &Desk, more: &[&str]) -> Run {
    desk.run(&[&["env", "aws", "--format", "settings"], more].concat())
}

fn managed(desk: &Desk, more: &[&str]) -> Run {
    desk.run(&[&["env", "aws", "--format", "managed-settings"], more].concat())
}

fn done(run: Run) -> Run {
    assert_eq!(run.code, Some(0), "{run:?}");
    run
}

fn refused(run: &Run, code: i32, said: &[&str]) {
    assert_eq!(run.code, Some(code), "{run:?}");
    assert!(run.stdout.is_empty(), "{run:?}");
    for said in said {
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What tells one file of a name from the next: it is a new one whenever it is written.
fn identity(path: &Path) -> (u64, std::time::SystemTime) {
    use std::os::unix::fs::MetadataExt as _;
    let file = fs::metadata(path).unwrap();
    (file.ino(), file.modified().unwrap())
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// All that is in a folder and below, by name.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<String> = entries.map(|path| path.display().to_string()).collect();
    all.sort();
    all
}

fn users_file(desk: &Desk) -> PathBuf {
    desk.path().join(".claude/settings.json")
}

#[test]
fn a_users_file_keeps_its_remarks_unknown_keys_and_odd_order() {
    let desk = Desk::new(TENANT);
    let path = desk.put(".claude/settings.json", MINE);
    set_mode(Path::new(&path), 0o640);
    let run = done(user(&desk, &["--write"]));
    assert!(run.stdout.is_empty(), "{run:?}");
    let after = fs::read_to_string(&path).unwrap();
    let (head, tail) = MINE.split_once("\t\t\"AWS_REGION\"").unwrap();
    assert!(after.starts_with(head), "{after}");
    let tail = tail.split_once("\"1\",\r\n").unwrap().1;
    assert!(after.contains(tail.strip_suffix("}\r\n").unwrap()), "{after}");
    for written in [
        "\t\t\"AWS_REGION\": \"us-east-1\",\r\n",
        "\t\t\"ANTHROPIC_BEDROCK_BASE_URL\": \"\", // until March\r\n\t\t\"CLAUDE_CODE_USE_BEDROCK\": \"1\",\r\n",
    ] {
        assert!(after.contains(written), "{after}");
    }
    assert!(
        !after.contains("old.example.com") && !after.contains("USE_VERTEX\": \"1\""),
        "{after}"
    );
    assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
    assert_eq!(mode(Path::new(&path)), 0o640);
    for said in [
        "added CLAUDE_CODE_USE_BEDROCK, ANTHROPIC_MODEL",
        "changed AWS_REGION",
        "cancelled CLAUDE_CODE_USE_MANTLE",
        ", ANTHROPIC_BEDROCK_BASE_URL, ",
        "removed CLAUDE_CODE_USE_VERTEX\n",
    ] {
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    let ignored = format!("{path}:2:2: Claude Code ignores the whole file");
    assert!(run.stderr.contains(&ignored), "{}", run.stderr);
    assert_eq!(names(&desk.path().join(".claude")), [path]);
}

#[test]
fn a_second_run_writes_nothing() {
    let desk = Desk::new(TENANT);
    done(user(&desk, &["--write"]));
    let path = users_file(&desk);
    assert_eq!(mode(&path), 0o600);
    let settings = json_of(&fs::read_to_string(&path).unwrap());
    assert_eq!(settings["env"]["CLAUDE_CODE_USE_BEDROCK"], "1");
    assert!(settings["env"].as_object().unwrap().values().all(Value::is_string));
    let before = identity(&path);
    let run = done(user(&desk, &["--write"]));
    assert!(run.stderr.ends_with("settings.json: nothing to change\n"), "{}", run.stderr);
    assert_eq!(identity(&path), before);
    assert_eq!(names(path.parent().unwrap()).len(), 1);
}

#[test]
fn what_is_written_is_what_is_printed() {
    let desk = Desk::new(TENANT);
    let printed = done(user(&desk, &[]));
    assert!(printed.stderr.is_empty(), "{printed:?}");
    done(user(&desk, &["--write=own/settings.json"]));
    let written = fs::read_to_string(desk.path().join("own/settings.json")).unwrap();
    let mut written = json_of(&written);
    // What is remembered for the next run.
    assert!(written.as_object_mut().unwrap().shift_remove("$groundwork").is_some());
    assert_eq!(printed.stdout, format!("{written:#}\n"));
    assert!(!users_file(&desk).exists());
}

#[test]
fn unset_leaves_what_was_there_before() {
    let desk = Desk::new(TENANT);
    let path = desk.put(".claude/settings.json", READ);
    done(user(&desk, &["--write"]));
    let run = done(user(&desk, &["--write", "--unset"]));
    assert_eq!(fs::read_to_string(&path).unwrap(), READ);
    assert!(run.stderr.contains("removed CLAUDE_CODE_USE_BEDROCK, AWS_REGION"), "{}", run.stderr);
    let run = done(user(&desk, &["--write", "--unset"]));
    assert!(run.stderr.contains("nothing to change"), "{}", run.stderr);
    let none = READ.replace(",\n  \"env\": {\n    \"EDITOR\": \"vi\"\n  }", "");
    desk.put(".claude/settings.json", &none);
    done(user(&desk, &["--write"]));
    done(user(&desk, &["--write", "--unset"]));
    assert_eq!(fs::read_to_string(&path).unwrap(), none);
}

#[test]
fn the_clients_own_folder_is_heeded() {
    let mut desk = Desk::new(TENANT);
    let folder = desk.path().join("elsewhere").display().to_string();
    desk.set("CLAUDE_CONFIG_DIR", &folder);
    done(user(&desk, &["--write"]));
    assert!(Path::new(&folder).join("settings.json").is_file());
    assert!(!users_file(&desk).exists());
}

#[test]
fn a_link_stays_one_and_its_target_is_written() {
    let desk = Desk::new(TENANT);
    let target = desk.put("dotfiles/claude.json", READ);
    fs::create_dir(desk.path().join(".claude")).unwrap();
    std::os::unix::fs::symlink("../dotfiles/claude.json", users_file(&desk)).unwrap();
    done(user(&desk, &["--write"]));
    assert!(fs::symlink_metadata(users_file(&desk)).unwrap().is_symlink());
    assert!(fs::read_to_string(target).unwrap().contains("CLAUDE_CODE_USE_BEDROCK"));
    assert_eq!(names(&desk.path().join("dotfiles")).len(), 1);
}

#[test]
fn what_cannot_be_merged_is_said_with_its_place_and_stays_as_it_is() {
    let desk = Desk::new(TENANT);
    for (text, said) in [
        (&b"{\n  \"env\": []\n}"[..], "settings.json:2:10: `env` is not an object"),
        (b"{\n  \"a\": 1\n  \"b\": 2\n}", "settings.json:2:9: expected comma"),
        (b"[]", "settings.json:1:1: expected an object"),
        (b"{\"a\": \"\xff\"}", "settings.json:1:8: this is not UTF-8"),
    ] {
        desk.put(".claude/settings.json", "");
        fs::write(users_file(&desk), text).unwrap();
        let before = identity(&users_file(&desk));
        refused(&user(&desk, &["--write"]), 2, &[said, "nothing was written"]);
        assert_eq!(fs::read(users_file(&desk)).unwrap(), text);
        assert_eq!(identity(&users_file(&desk)), before);
    }
    let path = desk.put(".claude/settings.json", READ);
    set_mode(Path::new(&path), 0o400);
    refused(&user(&desk, &["--write"]), 2, &["it is read-only"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), READ);
}

#[test]
fn what_a_killed_run_left_behind_is_in_nobodys_way() {
    let desk = Desk::new(TENANT);
    let path = desk.put(".claude/settings.json", READ);
    let left = desk.put(".claude/.groundwork.a1B2c3.tmp", "{\"env\"");
    done(user(&desk, &["--write"]));
    assert!(fs::read_to_string(path).unwrap().contains("CLAUDE_CODE_USE_BEDROCK"));
    assert_eq!(fs::read_to_string(left).unwrap(), "{\"env\"");
}

#[test]
fn a_run_that_is_killed_while_it_writes_leaves_the_old_file() {
    let desk = Desk::new(TENANT);
    let path = desk.put(".claude/settings.json", READ);
    // The first byte that it writes to a file kills it.
    let killed = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 0 && exec \"$0\" env aws --format settings --write"])
        .arg(env!("CARGO_BIN_EXE_groundwork"))
        .current_dir(desk.path())
        .env_clear()
        .env("HOME", desk.path())
        .output()
        .unwrap();
    assert_eq!(killed.status.code(), None, "{killed:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), READ);
    assert_eq!(names(&desk.path().join(".claude")).len(), 2);
    done(user(&desk, &["--write"]));
    assert!(fs::read_to_string(path).unwrap().contains("CLAUDE_CODE_USE_BEDROCK"));
}

#[test]
fn managed_settings_are_written_whole_for_everybody() {
    let desk = Desk::new(TENANT);
    let file = "etc/managed-settings.d/50-groundwork.json";
    let write = format!("--write={file}");
    let run = done(managed(&desk, &[&write]));
    assert!(run.stdout.is_empty(), "{run:?}");
    assert_eq!(run.stderr, format!("{file}: written\n"));
    let path = desk.path().join(file);
    assert_eq!(mode(&path), 0o644);
    assert_eq!(mode(path.parent().unwrap()), 0o755);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, done(managed(&desk, &[])).stdout);
    let settings = json_of(&text);
    assert_eq!(settings["env"]["CLAUDE_CODE_USE_BEDROCK"], "1");
    assert_eq!(settings["enforceAvailableModels"], true);
    assert_eq!(settings["allowedProviders"], json!(["bedrock"]));
    let before = identity(&path);
    let run = done(managed(&desk, &[&write]));
    assert_eq!(run.stderr, format!("{file}: nothing to change\n"));
    assert_eq!(identity(&path), before);
    // Whom it concerns could not read it.
    set_mode(&path, 0o600);
    done(managed(&desk, &[&write]));
    assert_eq!(mode(&path), 0o644);
    desk.write("bedrock:\n  region: us-west-2\n");
    done(managed(&desk, &[&write]));
    assert_eq!(json_of(&fs::read_to_string(&path).unwrap())["env"]["AWS_REGION"], "us-west-2");
    let run = done(managed(&desk, &[&write, "--unset"]));
    assert_eq!(run.stderr, format!("{file}: removed\n"));
    assert_eq!(names(path.parent().unwrap()), [""; 0]);
    let run = done(managed(&desk, &[&write, "--unset"]));
    assert_eq!(run.stderr, format!("{file}: nothing to remove\n"));
}

#[test]
fn what_others_wrote_is_replaced_and_removed_only_by_force() {
    let desk = Desk::new(TENANT);
    let theirs = "{\"model\": \"theirs\"}";
    let path = desk.put("managed-settings.json", theirs);
    let write = "--write=managed-settings.json";
    let said = "`managed-settings.json` is there, and was not written by Groundwork";
    for flags in [&[write][..], &[write, "--unset"]] {
        refused(&managed(&desk, flags), 1, &[said, "--force"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    }
    done(managed(&desk, &[write, "--force"]));
    assert!(fs::read_to_string(&path).unwrap().contains("CLAUDE_CODE_USE_BEDROCK"));
    desk.put("managed-settings.json", theirs);
    done(managed(&desk, &[write, "--unset", "--force"]));
    assert!(!Path::new(&path).exists());
}

#[test]
fn another_platforms_place_is_told_and_needs_a_file_to_write() {
    let desk = Desk::new(TENANT);
    for (platform, place) in [
        ("macos", "/Library/Application Support/ClaudeCode/managed-settings.d/50-groundwork.json"),
        ("windows", r"C:\Program Files\ClaudeCode\managed-settings.d\50-groundwork.json"),
    ] {
        let run = done(managed(&desk, &["--platform", platform]));
        assert!(run.stderr.contains(place), "{}", run.stderr);
        assert_eq!(json_of(&run.stdout)["env"]["CLAUDE_CODE_USE_BEDROCK"], "1");
        refused(&managed(&desk, &["--platform", platform, "--write"]), 2, &[place, "--write=FILE"]);
        let run = done(managed(&desk, &["--platform", platform, "--write=theirs.json"]));
        assert!(run.stderr.contains(place), "{}", run.stderr);
    }
}

#[test]
fn what_keeps_managed_settings_from_counting_is_told() {
    let desk = Desk::new(TENANT);
    desk.put("managed-settings.json", "{\"availableModels\": [\"sonnet\"], \"model\": \"opus\"}");
    desk.put("managed-settings.d/40-broken.json", "{\"model\": }");
    desk.put("managed-settings.d/60-later.json", "{\"env\": {\"AWS_REGION\": \"eu-west-1\"}}");
    let run = done(managed(&desk, &["--write=managed-settings.d/50-groundwork.json"]));
    for said in [
        "managed-settings.json is read with it, and says otherwise: availableModels",
        "40-broken.json is no JSON object: Claude Code does not start",
        "60-later.json is read with it, and says otherwise: env.AWS_REGION",
    ] {
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn a_secret_that_others_could_read_is_told_by_name() {
    let desk = Desk::new(&format!(
        "{TENANT}claude_code:\n  telemetry:\n    endpoint: https://otel.example.com\n    protocol: \
         http/json\n    headers: {{Authorization: Bearer s3cret}}\n"
    ));
    for run in [managed(&desk, &["--write=managed.json"]), managed(&desk, &[])] {
        let run = done(run);
        assert!(run.stderr.contains("secret here: OTEL_EXPORTER_OTLP_HEADERS\n"), "{run:?}");
        assert!(run.stderr.contains("otelHeadersHelper"), "{run:?}");
        assert!(!run.stderr.contains("s3cret"), "{run:?}");
    }
    let path = desk.put("own.json", "{}");
    set_mode(Path::new(&path), 0o644);
    let run = done(user(&desk, &["--write=own.json"]));
    let said = "own.json: now for its owner alone, since it has OTEL_EXPORTER_OTLP_HEADERS\n";
    assert!(run.stderr.contains(said) && !run.stderr.contains("s3cret"), "{run:?}");
    assert_eq!(mode(Path::new(&path)), 0o600);
    let run = done(user(&desk, &["--write"]));
    assert!(!run.stderr.contains("owner alone"), "{run:?}");
    assert!(fs::read_to_string(users_file(&desk)).unwrap().contains("Bearer s3cret"));
}

#[test]
fn what_left_the_configuration_leaves_a_users_settings() {
    let desk = Desk::new(TENANT);
    let path = desk.put(".claude/settings.json", READ);
    let section = "claude_code:\n  credentials: {refresh: sign in, export: credentials}\n  \
                   telemetry: {endpoint: 'https://otel.example.com', headers: {x-a: s3cret}}\n  \
                   environment: {FOO: a, MY_TOKEN: s3cret}\n";
    let with_all = format!("{TENANT}{section}");
    let profile = |more: &[&str]| {
        desk.run(&[&["env", "aws", "--profile", "dev", "--format", "settings"], more].concat())
    };
    for again in ["--write", "--unset"] {
        desk.write(&with_all);
        done(profile(&["--write"]));
        let held = fs::read_to_string(&path).unwrap();
        assert!(held.contains("awsCredentialExport") && held.contains("\"dev\""), "{held}");
        desk.write(TENANT);
        let run = done(user(&desk, &["--write", again][usize::from(again == "--write")..]));
        for gone in ["awsAuthRefresh", "OTEL_EXPORTER_OTLP_HEADERS", "FOO", "AWS_PROFILE"] {
            assert!(run.stderr.contains(gone), "{gone}: {}", run.stderr);
        }
        let held = fs::read_to_string(&path).unwrap();
        for gone in ["awsAuthRefresh", "awsCredentialExport", "OTEL_", "s3cret", "FOO", "\"dev\""] {
            assert!(!held.contains(gone), "{gone}: {held}");
        }
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), READ);
}

#[test]
fn what_the_user_changed_since_stays_and_is_told() {
    let desk = Desk::new(TENANT);
    done(user(&desk, &["--write"]));
    let text = fs::read_to_string(users_file(&desk)).unwrap();
    desk.put(".claude/settings.json", &text.replace(": \"us-east-1\"", ": \"eu-west-1\""));
    let run = done(user(&desk, &["--write", "--unset"]));
    assert!(run.stderr.contains("not what was written, and left: AWS_REGION\n"), "{run:?}");
    let held = json_of(&fs::read_to_string(users_file(&desk)).unwrap());
    assert_eq!(held, json!({"env": {"AWS_REGION": "eu-west-1"}}));
}

#[test]
fn without_a_home_no_file_is_written_that_nobody_named() {
    let mut desk = Desk::new(TENANT);
    desk.set("HOME", "");
    refused(&user(&desk, &["--write"]), 2, &["could not find the home folder", "--write=FILE"]);
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    let desk = Desk::new(TENANT);
    for (flags, said) in [
        (&["--platform", "linux"][..], "--platform is for managed settings"),
        (&["--format", "settings", "--platform", "linux"], "--platform is for managed settings"),
        (&["--force"], "--force is for writing managed settings"),
        (&["--format", "settings", "--write", "--force"], "--force is for writing"),
        (&["--format", "managed-settings", "--force"], "--force is for writing"),
        (&["--format", "settings", "--unset"], "settings are taken out of a file"),
        (&["--format", "managed-settings", "--unset"], "settings are taken out of a file"),
        (&["--format", "setting"], "settings"),
        (&["--format", "managed-settings", "--platform", "plan9"], "linux, macos, windows"),
    ] {
        let run = desk.run(&[&["env", "aws"], flags].concat());
        refused(&run, 2, &[said]);
    }
    assert_eq!(names(desk.path()).len(), 1);
}
