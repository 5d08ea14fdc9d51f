// Package notice owns the notices (通知) of a session: what the pharmacist tells
// everybody in it, shown live on the board until it is ended, and who has read it.
// It is also the example of how a later module attaches to the house; the README
// says where its lines stand. It knows nothing of packs, visits or patients.
package notice
