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
          [ -x .gameday-venv/bin/gameday ] || python3 -m venv .gameday-venv
          pip install "@@REQUIREMENT@@"
          gameday check .
          docker compose up -d --wait
        '''
        script {
          def code = sh(returnStatus: true, script: '''
            gameday run @@SCENARIOS@@ --out gameday-report --plain --junit-properties
            [ ! -f gameday-baseline.json ] ||
              gameday compare gameday-report --no-baseline pass --too-few pass
          ''')
          if (code == 3) { unstable('game days: nobody can tell') }
          else if (code != 0) { error("game days: exit code ${code}") }
        }
      }
    }
  }
  post {
    always {
      sh '''
        gameday heal
      '''
      junit allowEmptyResults: true, testResults: 'gameday-report/**/junit.xml'
      archiveArtifacts allowEmptyArchive: true, artifacts: 'gameday-report/**'
    }
  }
}
