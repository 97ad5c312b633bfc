// Package mail reads messages (.eml) and mailboxes (.mbox): RFC 5322 and 2045 to 2047,
// and RFC 4155.
//
// A message's subject is its title; from, to, cc and date are metadata. Its text is
// what it says, in plain text if there is such a part, then what is in its attachments,
// read as files of their own are. A message of a mailbox is a record.
package mail
