// The checks of `weir doctor`: one row each.
#pragma once

#include <glib.h>

typedef enum {
	DOCTOR_OK,
	DOCTOR_WARNING,
	DOCTOR_FAILED,
} DoctorVerdict;

typedef struct {
	DoctorVerdict verdict;
	char *message; // what was found; never NULL
	char *cure; // NULL when there is nothing to cure
} DoctorFinding;

typedef struct {
	const char *store_url;
	const char *repository; // path or URL; NULL: those that the store names
	const char *listen; // address of the status API
	gboolean deep; // also what takes long
} DoctorSubject;

typedef struct {
	const char *name;
	void (*check)(const DoctorSubject *subject, DoctorFinding *finding);
} DoctorCheck;

// The table, ended by a row whose name is NULL.
extern const DoctorCheck doctor_checks[];

void doctor_finding_clear(DoctorFinding *finding);
