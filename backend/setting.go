package latchkey

// SettingKey names a choice that a person made and that is remembered.
type SettingKey string

// EmailProvider is the origin of the server that signs people in by email.
const EmailProvider SettingKey = "email_provider"

// SuggestionHost is the origin of the host that is asked for accounts while a person types; without one
// nobody is asked.
const SuggestionHost SettingKey = "suggestions"

// Theme is whether the window is "light" or "dark"; without a choice it is as the system is.
const Theme SettingKey = "theme"
