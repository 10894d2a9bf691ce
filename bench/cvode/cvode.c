/* CVODE with BDF formulas and dense matrices on a model in MODEL, a generated header with N, SPAN, PIECES, rhs and jac.
   The memory is created once; every solve starts it anew, as a program that solves many times would do. */
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <stdlib.h>
#include <string.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <math.h>
#include MODEL

typedef struct {
  void *cvode;
  SUNContext context;
  N_Vector y, atol;
  SUNMatrix matrix;
  SUNLinearSolver linear;
  const double *setting;
} Memory;

static int cvode_rhs(double t, N_Vector y, N_Vector dy, void *data) {
  rhs(t, N_VGetArrayPointer(y), ((Memory *)data)->setting, N_VGetArrayPointer(dy));
  return 0;
}

#ifndef DIFFERENCES
static int cvode_jac(double t, N_Vector y, N_Vector fy, SUNMatrix j, void *data, N_Vector a, N_Vector b, N_Vector c) {
  (void)fy, (void)a, (void)b, (void)c; /* CVODE has set j to zero */
  jac(t, N_VGetArrayPointer(y), ((Memory *)data)->setting, SUNDenseMatrix_Data(j));
  return 0;
}
#endif

Memory *create(void) {
  Memory *m = calloc(1, sizeof *m);
#if SUNDIALS_VERSION_MAJOR >= 7
  SUNContext_Create(SUN_COMM_NULL, &m->context);
#else
  SUNContext_Create(NULL, &m->context);
#endif
  m->y = N_VNew_Serial(N, m->context);
  m->atol = N_VNew_Serial(N, m->context);
  m->matrix = SUNDenseMatrix(N, N, m->context);
  m->linear = SUNLinSol_Dense(m->y, m->matrix, m->context);
  m->cvode = CVodeCreate(CV_BDF, m->context);
  if (CVodeInit(m->cvode, cvode_rhs, SPAN[0], m->y) || CVodeSetUserData(m->cvode, m)) return NULL;
  if (CVodeSStolerances(m->cvode, 1e-6, 1e-6) || CVodeSetLinearSolver(m->cvode, m->linear, m->matrix)) return NULL;
#ifndef DIFFERENCES
  if (CVodeSetJacFn(m->cvode, cvode_jac)) return NULL;
#endif
  CVodeSetMaxNumSteps(m->cvode, 10000000);
#ifdef STABILITY
  CVodeSetStabLimDet(m->cvode, 1); /* lowers the order where eigenvalues near the imaginary axis make it unstable */
#endif
#ifdef ORDER
  CVodeSetMaxOrd(m->cvode, ORDER);
#endif
  return m;
}

/* counts: steps, right-hand sides, Jacobians, factorisations, Newton iterations, error test failures */
int solve(Memory *m, double rtol, const double *atol, const double *start, double *end, long *counts) {
  memcpy(N_VGetArrayPointer(m->y), start, N * sizeof(double));
  memcpy(N_VGetArrayPointer(m->atol), atol, N * sizeof(double));
  memset(counts, 0, 6 * sizeof *counts);
  for (int piece = 0; piece < PIECES; piece++) {
    double t;
    long found[6];
    m->setting = SETTINGS[piece];
    if (CVodeReInit(m->cvode, SPAN[piece], m->y) || CVodeSVtolerances(m->cvode, rtol, m->atol)) return 1;
    if (CVodeSetStopTime(m->cvode, SPAN[piece + 1])) return 2;
    if (CVode(m->cvode, SPAN[piece + 1], m->y, &t, CV_NORMAL) < 0) return 3;
    CVodeGetNumSteps(m->cvode, found);
    CVodeGetNumRhsEvals(m->cvode, found + 1);
    CVodeGetNumJacEvals(m->cvode, found + 2);
    CVodeGetNumLinSolvSetups(m->cvode, found + 3);
    CVodeGetNumNonlinSolvIters(m->cvode, found + 4);
    CVodeGetNumErrTestFails(m->cvode, found + 5);
    for (int i = 0; i < 6; i++) counts[i] += found[i];
  }
  memcpy(end, N_VGetArrayPointer(m->y), N * sizeof(double));
  return 0;
}

/* Rows of starts to rows of ends. */
int solve_many(Memory *m, double rtol, const double *atol, long rows, const double *starts, double *ends, long *counts) {
  for (long row = 0; row < rows; row++) {
    int failed = solve(m, rtol, atol, starts + row * N, ends + row * N, counts);
    if (failed) return failed;
  }
  return 0;
}
