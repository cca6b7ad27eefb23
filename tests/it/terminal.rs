//! What a person at a terminal sees: questions, progress, width, colour.

use crate::support::{
    emulator::Account,
    program::Desk,
    screen::{at_terminal, plain},
    tenant::{NOTHING, SMALL, WHOLE, census},
};

fn desk() -> (Account, Desk) {
    let account = Account::new();
    let desk = Desk::with(&account, SMALL);
    (account, desk)
}

#[test]
fn a_yes_at_the_question_makes_the_tenant() {
    let (account, desk) = desk();
    let screen = at_terminal(&desk, 100, "provision aws", "y\n");
    assert_eq!(screen.code, Some(0), "{}", screen.text);
    let text = plain(&screen.text);
    for part in [
        "+ create  aws.kms.key/claude-code",
        "make these changes? [y/N]",
        "+ created aws.kms.key/claude-code",
        "15 resources: 15 made",
        "export CLAUDE_CODE_USE_BEDROCK='1'",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert_eq!(census(&account.inventory()), WHOLE);
}

#[test]
fn any_other_answer_changes_nothing() {
    for answer in ["n\n", "\n", "maybe\n"] {
        let (account, desk) = desk();
        let screen = at_terminal(&desk, 100, "provision aws", answer);
        assert_eq!(screen.code, Some(3), "{}", screen.text);
        assert!(plain(&screen.text).contains("nothing was changed"), "{}", screen.text);
        assert_eq!(census(&account.inventory()), NOTHING);
    }
}

#[test]
fn data_goes_only_when_the_tenants_name_is_typed() {
    let (account, desk) = desk();
    desk.run(&["provision", "aws", "--yes"]);
    let screen = at_terminal(&desk, 100, "destroy aws --delete-data", "y\n");
    assert_eq!(screen.code, Some(3), "{}", screen.text);
    assert_eq!(census(&account.inventory()), WHOLE);
    let screen = at_terminal(&desk, 100, "destroy aws --delete-data", "claude-code\n");
    assert_eq!(screen.code, Some(0), "{}", screen.text);
    assert_eq!(census(&account.inventory()), NOTHING);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let (_, desk) = desk();
    for columns in [40, 80] {
        let screen = at_terminal(&desk, columns, "provision aws --dry-run", "");
        assert_eq!(screen.code, Some(3), "{}", screen.text);
        let wide = plain(&screen.text);
        let wide = wide.split(['\n', '\r']).find(|line| line.chars().count() > columns.into());
        assert_eq!(wide, None);
    }
}

#[test]
fn colour_is_for_terminals_and_can_be_refused() {
    let (_, mut desk) = desk();
    let red_or_green = |text: &str| text.contains("\u{1b}[32m") || text.contains("\u{1b}[31m");
    assert!(red_or_green(&at_terminal(&desk, 100, "status aws", "").text));
    assert!(!red_or_green(&at_terminal(&desk, 100, "status aws --color never", "").text));
    let piped = desk.run(&["status", "aws"]);
    assert!(!red_or_green(&piped.stdout));
    let forced = desk.run(&["status", "aws", "--color", "always"]);
    assert!(red_or_green(&forced.stdout), "{forced:?}");
    desk.set("NO_COLOR", "1");
    assert!(!red_or_green(&at_terminal(&desk, 100, "status aws", "").text));
}

#[test]
fn what_is_waited_for_is_shown() {
    let (account, desk) = desk();
    let operation = "bedrock.PutModelInvocationLoggingConfiguration";
    account.refuse(operation, 1, (400, "ValidationException"));
    let screen = at_terminal(&desk, 120, "provision aws --yes", "");
    let waits = "waiting for the role to be known to Bedrock";
    assert!(plain(&screen.text).contains(waits), "{}", screen.text);
    account.refuse(operation, 1, (400, "ValidationException"));
    let (account, desk) = self::desk();
    account.refuse(operation, 1, (400, "ValidationException"));
    let piped = desk.run(&["provision", "aws", "--yes"]);
    assert!(piped.stderr.contains(waits), "{piped:?}");
}
