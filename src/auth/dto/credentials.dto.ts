import { TextField } from '../../platform/http/index.js';
import { EmailField, NewPasswordField, PasswordField } from './credential.fields.js';

export class SignUpDto {
  @EmailField()
  email!: string;

  @NewPasswordField()
  password!: string;

  @TextField({ example: 'Barista', maxLength: 100, optional: true })
  name?: string;
}

export class LogInDto {
  @EmailField()
  email!: string;

  @PasswordField()
  password!: string;
}

export class WithdrawDto {
  @PasswordField()
  password!: string;
}

export class ChangePasswordDto {
  @PasswordField()
  currentPassword!: string;

  @NewPasswordField('The example keeps the password, so that the other examples still work')
  newPassword!: string;
}
