// Package printers checks that the packages that print values by reflection show no secret.
package printers
