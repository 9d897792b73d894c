"""Weaknesses that were found by breaking things on purpose: what happened before each was mended,
and the test that would see it again.
"""

MENDED = {
    "A relative COURSE_DATA meant the kernel's folder, and `auto` silently took Shapes":
        "tests/test_paths.py::test_a_relative_folder_is_that_of_the_command_in_jupyters_kernels_too",
    "Relative paths given to -p and --dataset meant the notebook's folder":
        "tests/cli/test_parameters.py::test_files_are_looked_for_where_the_command_is_given",
    "More epochs under a schedule that had ended gave a bare error, a rate of 0, or one that rose":
        "tests/test_resuming.py::test_more_epochs_than_the_schedule_has_are_refused",
    "Training resumed with another rate or batch size went on without a word":
        "tests/test_resuming.py::test_another_rate_batch_size_or_number_of_images_is_refused",
    "Training resumed on other images went on without a word":
        "tests/test_resuming.py::test_other_images_are_refused_and_the_model_stays_as_it_was",
    "run --resume kept a lesson whose data had changed":
        "tests/cli/test_run.py::test_resume_runs_a_lesson_again_after_its_data_changed",
    "run --resume kept a lesson that an older course had run":
        "tests/cli/test_run.py::test_resume_runs_a_lesson_again_after_the_course_changed",
    "Two runners wrote into one folder":
        "tests/cli/test_run.py::test_a_second_runner_into_the_same_folder_is_refused",
    "A runs folder that cannot be made, and a name of 300 characters, ended in a traceback":
        "tests/cli/test_parameters.py::test_a_runs_folder_that_cannot_be_made_is_told_in_one_line",
    "Options took nan, 0 and negative numbers; an empty name meant lesson 00 or the current folder":
        "tests/faults/test_bad_input.py::test_bad_input_is_refused_in_one_line",
    "Numbers of torch and NumPy were no answers":
        "tests/faults/test_fuzz.py::test_torchs_numbers_are_numbers",
    "Names of classes in East Asian writing were drawn as boxes":
        "tests/test_plotting.py::test_names_of_classes_in_east_asian_writing_are_drawn_where_a_font_has_them",
    "float64 was asked of devices that have none":
        "tests/test_devices.py::test_the_package_makes_float64_on_the_cpu_alone",
    "Links of a run's pages led to notebooks":
        "tests/cli/test_pages.py::test_links_lead_to_pages_of_the_run_and_to_no_notebook",
    "A table in a lesson's text cost the lesson its page":
        "tests/cli/test_pages.py::test_a_table_wider_than_a_phone_scrolls_alone",
    "A folder with a link to itself was read again and again":
        "tests/data/test_folders.py::test_a_folder_whose_links_go_round_is_refused",
    "A full disk while a checkpoint was written ended in a bare error":
        "tests/faults/test_interrupted_training.py::test_a_full_disk_costs_the_new_checkpoint_and_not_the_old_one",
    "Ctrl-C before the first lesson began left kernels running":
        "tests/cli/test_run.py::test_ctrl_c_before_the_first_lesson_begins_runs_nothing",
    "Ctrl-C did not end a submission that was being graded":
        "tests/cli/test_grade.py::test_ctrl_c_ends_at_once_what_would_run_for_long",
    "A cell that never ended could not be given up; what was said of it was seven lines long":
        "tests/faults/test_interrupted_runs.py::test_a_stopped_run_goes_on_where_it_was",
    "publish, grade and sweep worked for minutes before a folder that cannot be written stopped them, "
    "with a traceback":
        "tests/faults/test_environments.py::test_what_may_not_be_written_or_read_is_told_in_one_line",
    "assign, stopped half-way, left half a class set under its final name":
        "tests/faults/test_environments.py::test_a_full_disk_fails_the_lesson_and_leaves_nothing_under_a_final_name",
    "Certificates that are not there were reported as a broken data folder":
        "tests/cli/download/test_command.py::test_certificates_that_are_not_there_are_named",
    "A COURSE_DATA in a home folder of nobody ended in a traceback":
        "tests/test_paths.py::test_a_home_folder_of_nobody_is_told_in_one_line",
    "A name that the terminal cannot show ended in a traceback":
        "tests/faults/test_environments.py::test_letters_that_a_terminal_lacks_are_written_as_escapes",
    "A home that nobody may write to put matplotlib's warnings into every notebook":
        "tests/faults/test_offline.py::test_every_lesson_runs_without_a_word_of_warning",
    "Classes with names that are no text, as a Korean archive may leave them, failed in mid-lesson":
        "tests/data/test_folders.py::test_a_class_whose_name_is_no_text_is_refused",
    "An empty sheet of points, and points of nan, were taken":
        "tests/cli/test_grade.py::test_points_come_from_an_edited_sheet",
    "grade kept a file open for each submission":
        "tests/cli/test_grade.py::test_right_answers_get_their_points_whatever_the_name_of_who_gave_them",
    "Cells of a CSV file of names and answers could be formulas":
        "tests/faults/test_security.py::test_cells_of_a_csv_file_are_no_formulas",
    "CIFAR-10's files were unpickled without a look in the benchmarks":
        "tests/faults/test_security.py::test_code_in_a_file_of_images_does_not_run",
}  # fmt: skip
