//! Where Claude Code reads its settings, on each platform (facts 8).

/// A platform on which Claude Code reads managed settings at a place of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Also the Windows Subsystem for Linux.
    Linux,
    MacOs,
    Windows,
}

/// The name of a user's file, in the folder `.claude` of his home, or in the one that
/// `CLAUDE_CONFIG_DIR` names.
pub const USER_FILE: &str = "settings.json";

/// The folder of files that are read behind [`BASE_FILE`], in the order of their names.
pub(super) const DROP_IN_FOLDER: &str = "managed-settings.d";

pub(super) const BASE_FILE: &str = "managed-settings.json";

const DROP_IN: &str = "50-groundwork.json";

impl Platform {
    /// The one that this program runs on.
    pub fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::MacOs => "macOS",
            Self::Windows => "Windows",
        }
    }

    /// The folder of managed settings.
    pub fn managed_folder(self) -> &'static str {
        match self {
            Self::Linux => "/etc/claude-code",
            Self::MacOs => "/Library/Application Support/ClaudeCode",
            Self::Windows => r"C:\Program Files\ClaudeCode",
        }
    }

    /// Our file beside the company's own ones.
    pub fn drop_in(self) -> String {
        let divider = if self == Self::Windows { '\\' } else { '/' };
        [self.managed_folder(), DROP_IN_FOLDER, DROP_IN].join(&divider.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_its_place() {
        let of = [Platform::Linux, Platform::MacOs, Platform::Windows].map(Platform::drop_in);
        assert_eq!(
            of,
            [
                "/etc/claude-code/managed-settings.d/50-groundwork.json",
                "/Library/Application Support/ClaudeCode/managed-settings.d/50-groundwork.json",
                r"C:\Program Files\ClaudeCode\managed-settings.d\50-groundwork.json",
            ]
        );
    }
}
