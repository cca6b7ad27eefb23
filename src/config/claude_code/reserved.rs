//! The names that shells and Windows keep for themselves.
//!
//! An assignment to one of them is no plain assignment, however its value is quoted: to a number of
//! the shell's it is arithmetic, which runs the commands within a value, to a prompt it is what is run
//! later, and to a name that is read-only it is an error, at which some shells pass over all that
//! follows. The lists are those of the manuals of bash, zsh, ksh, fish and cmd.

/// By name or, with `*`, by what the name begins with.
const OF_SHELLS: &[&str] = &[
    "_",
    "ARGC",
    "argv",
    "aliases",
    "BASH",
    "BASHOPTS",
    "BASHPID",
    "BASH_*",
    "BAUD",
    "builtins",
    "CDPATH",
    "cdpath",
    "CHILD_MAX",
    "CMD_DURATION",
    "COLUMNS",
    "commands",
    "COMPREPLY",
    "COMP_*",
    "COPROC",
    "CPUTYPE",
    "DIRSTACK",
    "DIRSTACKSIZE",
    "dirstack",
    "dis_*",
    "EGID",
    "ENV",
    "EPOCH*",
    "ERRNO",
    "errnos",
    "EUID",
    "EXECIGNORE",
    "FCEDIT",
    "FIGNORE",
    "fignore",
    "FISH_VERSION",
    "fish_*",
    "FPATH",
    "fpath",
    "funcfiletrace",
    "FUNCNAME",
    "FUNCNEST",
    "funcsourcetrace",
    "funcstack",
    "functions",
    "functrace",
    "galiases",
    "GID",
    "GLOBIGNORE",
    "GLOBSORT",
    "GROUPS",
    "HISTCHARS",
    "histchars",
    "HISTCMD",
    "HISTCONTROL",
    "HISTFILE",
    "HISTFILESIZE",
    "HISTIGNORE",
    "HISTSIZE",
    "HISTTIMEFORMAT",
    "history",
    "historywords",
    "HOST",
    "HOSTTYPE",
    "hostname",
    "IFS",
    "IGNOREEOF",
    "INSIDE_EMACS",
    "jobdirs",
    "JOBMAX",
    "jobstates",
    "jobtexts",
    "KEYBOARD_HACK",
    "keymaps",
    "KEYTIMEOUT",
    "KSH*",
    "LEVEL",
    "LINENO",
    "LINES",
    "LISTMAX",
    "LOGCHECK",
    "MACHTYPE",
    "MAILCHECK",
    "MAILPATH",
    "mailpath",
    "manpath",
    "mapfile",
    "MAPFILE",
    "match",
    "MATCH",
    "mbegin",
    "MBEGIN",
    "mend",
    "MEND",
    "MODULE_PATH",
    "module_path",
    "modules",
    "nameddirs",
    "NULLCMD",
    "OLDPWD",
    "OPTARG",
    "OPTERR",
    "OPTIND",
    "options",
    "OSTYPE",
    "parameters",
    "patchars",
    "path",
    "PGRP",
    "PIPESTATUS",
    "pipestatus",
    "POSIXLY_CORRECT",
    "POSTEDIT",
    "PPID",
    "PROMPT",
    "PROMPT2",
    "PROMPT3",
    "PROMPT4",
    "PROMPT_COMMAND",
    "PROMPT_DIRTRIM",
    "prompt",
    "PS0",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PSVAR",
    "psvar",
    "PWD",
    "RANDOM",
    "READLINE_*",
    "READNULLCMD",
    "REPLY",
    "reply",
    "REPORTMEMORY",
    "REPORTTIME",
    "reswords",
    "RPROMPT",
    "RPROMPT2",
    "RPS1",
    "RPS2",
    "saliases",
    "SAVEHIST",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "signals",
    "SPROMPT",
    "SRANDOM",
    "status",
    "status_generation",
    "STTY",
    "sysparams",
    "TERMCAP",
    "termcap",
    "terminfo",
    "TIMEFMT",
    "TIMEFORMAT",
    "TMOUT",
    "TRY_BLOCK_ERROR",
    "TRY_BLOCK_INTERRUPT",
    "TTY",
    "TTYIDLE",
    "UID",
    "umask",
    "userdirs",
    "usergroups",
    "USERNAME",
    "USER_ID",
    "VENDOR",
    "version",
    "WATCH",
    "watch",
    "WATCHFMT",
    "widgets",
    "WORDCHARS",
    "ZDOTDIR",
    "ZSH_*",
    "zsh_*",
];

/// What Claude Code reads, and no shell.
const OF_THE_CLIENT: [&str; 3] =
    ["BASH_DEFAULT_TIMEOUT_MS", "BASH_MAX_OUTPUT_LENGTH", "BASH_MAX_TIMEOUT_MS"];

/// What cmd makes anew whenever it is read; in any case, as all names of Windows.
const OF_WINDOWS: [&str; 7] =
    ["CD", "CMDCMDLINE", "CMDEXTVERSION", "DATE", "ERRORLEVEL", "HIGHESTNUMANODENUMBER", "TIME"];

/// Whether a shell, or Windows, keeps this name for itself.
pub(super) fn is_reserved(name: &str) -> bool {
    let is = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => *pattern == name,
    };
    let of_shells = OF_SHELLS.iter().any(is) && !OF_THE_CLIENT.contains(&name);
    of_shells || OF_WINDOWS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_calculate_run_or_refuse_is_reserved() {
        for own in [
            "RANDOM",
            "SRANDOM",
            "OPTIND",
            "SECONDS",
            "HISTCMD",
            "UID",
            "PPID",
            "BASHOPTS",
            "BASH_ENV",
            "EPOCHSECONDS",
            "PWD",
            "SHLVL",
            "status",
            "umask",
            "path",
            "IFS",
            "_",
            "PROMPT_COMMAND",
            "TMOUT",
            "ErrorLevel",
        ] {
            assert!(is_reserved(own), "{own}");
        }
        for free in ["PATH", "STATUS", "VERSION", "API_TIMEOUT_MS", "BASH_MAX_TIMEOUT_MS", "LANG"] {
            assert!(!is_reserved(free), "{free}");
        }
    }

    /// What the shell that is here keeps, asked of itself.
    #[test]
    fn what_bash_says_that_it_keeps_is_reserved() {
        let mut bash = std::process::Command::new("bash");
        let bash = bash.args(["--norc", "-c", "compgen -v"]).env_clear().output();
        let Ok(said) = bash else { return };
        let plain = ["PATH", "TERM", "HOME", "SHELL", "HOSTNAME"];
        let names = String::from_utf8(said.stdout).unwrap();
        for name in names.lines().filter(|name| !plain.contains(name)) {
            assert!(is_reserved(name), "{name}");
        }
    }
}
