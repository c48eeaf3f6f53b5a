// Game days of every change. Written by `gameday ci init jenkins`; yours from now on.
pipeline {
  agent any
  options { disableConcurrentBuilds(); timeout(time: 1, unit: 'HOURS') }
  // Secrets that scenarios name ({env: NAME}): environment { NAME = credentials('id') }
  environment {
    GAMEDAY_HOME = "${WORKSPACE}/.gameday-home"
    PATH = "${WORKSPACE}/.gameday-venv/bin:${env.PATH}"
  }
  stages {
    stage('gameday') {
      steps {
        sh '''
          rm -rf gameday-report  # of an earlier build in this workspace
          [ -x .gameday-venv/bin/gameday ] || python3 -m venv .gameday-venv
          pip install "@@REQUIREMENT@@"
          gameday check .
          docker compose up -d --wait
        '''
        script {
          def code = sh(returnStatus: true, script: '''
            code=0
            gameday run @@SCENARIOS@@ --out gameday-report --plain --junit-properties ||
              code=$?
            [ "$code" = 0 ] || [ "$code" = 3 ] || exit "$code"
            [ ! -f gameday-baseline.json ] || [ ! -d gameday-report ] ||
              gameday compare gameday-report --no-baseline pass --too-few pass || exit $?
            exit "$code"
          ''')
          if (code == 3) { unstable('game days: nobody can tell') }
          else if (code != 0) { error("game days: exit code ${code}") }
        }
      }
    }
  }
  post {
    always {
      catchError(message: 'something is still broken') {
        sh '''
          gameday heal
        '''
      }
      junit allowEmptyResults: true, testResults: 'gameday-report/**/junit.xml'
      archiveArtifacts allowEmptyArchive: true, artifacts: 'gameday-report/**'
    }
  }
}
