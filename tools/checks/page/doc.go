// Package page checks the page of manager/status in a real browser.
package page
