// TeacherPool
