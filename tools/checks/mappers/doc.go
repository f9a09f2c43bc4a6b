// Package mappers checks that the errors of object mappers and migration tools are still understood: bun, gorm, sqlx and
// goose wrap what the driver returns, each in its own way. It has tests only.
package mappers
