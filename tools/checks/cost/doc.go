// Package cost measures what metrics and the page of manager/status cost a program with very many names.
package cost
